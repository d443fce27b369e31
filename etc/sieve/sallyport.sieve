# Mail that sallyport let in and did not like goes to Junk: what it would have
# refused or deferred were it enforcing, and what has 6 points or more.
#
# Index 1: sallyport's own field stands on top of all others of its name.
require ["fileinto", "index", "variables", "relational", "comparator-i;ascii-numeric"];

if header :index 1 :matches "X-Sallyport-Verdict" ["*; would=reject*", "*; would=defer*"] {
    fileinto "Junk";
    stop;
}
if header :index 1 :matches "X-Sallyport-Verdict" "*; score=*/*" {
    set "points" "${2}";
    # A negative number is no number to this comparator, and the largest of all.
    if allof (not string :matches "${points}" "-*",
              string :value "ge" :comparator "i;ascii-numeric" "${points}" "6") {
        fileinto "Junk";
        stop;
    }
}
