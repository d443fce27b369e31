def tails():
    return ""
