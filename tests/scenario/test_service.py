"""To live with: the systemd unit, what `make install` puts where, rotated logs, and
that the snippets for the MTAs are the README's."""

import glob
import grp
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import unittest

from case import Case, needs_root
from daemon import ACCOUNT, TOP, build_folder, eventually, is_sanitized, program

UNIT = os.path.join(TOP, "etc/systemd/sallyport.service")


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def needs_program(name, package):
    return unittest.skipUnless(shutil.which(name), f"wants the package {package}")


def setting(name):
    """All values that the unit gives it, as one list of words."""
    return " ".join(re.findall(rf"(?m)^{name}=(.*)$", read(UNIT))).split()


class Folder(Case):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sallyport-")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_ok(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr


@needs_program("systemd-analyze", "systemd")
class UnitTest(Folder):
    def test_systemd_takes_it(self):
        path = os.path.join(self.folder, "sallyport.service")
        text = re.sub(r"(?m)^Documentation=.*\n", "", read(UNIT))  # it wants the manual pages installed
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("/usr/sbin/sallyportd", program("sallyportd")))
        self.assertEqual(self.run_ok("systemd-analyze", "verify", path), "")

    def test_its_exposure_is_what_the_readme_says(self):
        said = re.search(r"systemd-analyze security.*?(\d\.\d)", read("README.md"), re.S).group(1)
        told = self.run_ok("systemd-analyze", "security", "--offline=true", UNIT)
        self.assertEqual(re.search(r"exposure level for \S+: (\S+)", told).group(1), said)

    def names_of(self, words):
        """What a SystemCallFilter= allows, all groups resolved."""
        told = self.run_ok("systemd-analyze", "syscall-filter")
        groups = {group: names.split() for group, names in re.findall(r"(?m)^(@\S+)\n((?:^    .*\n)+)", re.sub(
            r"(?m)^    #.*\n", "", re.sub(r"\x1b\[[0-9;]*m", "", told)))}

        def resolve(word):
            return set().union(*map(resolve, groups[word])) if word in groups else {word}

        allowed = set()
        is_taken = False
        for word in words:
            if word.startswith("~"):
                is_taken, word = True, word[1:]
            elif word in ("@system-service", "@chown"):
                is_taken = False
            names = resolve(word)
            allowed = allowed - names if is_taken else allowed | names
        # Always allowed, systemd.exec(5).
        return allowed | resolve("@default")

    @needs_program("strace", "strace")
    @unittest.skipIf(is_sanitized(), "sanitizers make system calls of their own")
    @needs_root
    def test_neither_the_daemon_nor_its_redis_calls_what_is_forbidden(self):
        """From its start to its end, with a mail, a reload, and DNS."""
        log = os.path.join(self.folder, "strace")
        os.chmod(self.folder, 0o777)
        sally = self.daemon({"rdns.enabled": True, "dns.server": ["127.0.0.1@1"], "user": ACCOUNT},
                            command=["setpriv", "--reuid", ACCOUNT, "--regid", "nogroup", "--clear-groups",
                                     "--no-new-privs", "--bounding-set=-all", "strace", "-f", "-qq", "-o", log])
        sally.operator("try", "--client", "192.0.2.9", "--from", "a@b.example", "--rcpt", "c@d.example", status=1)
        pid = int(sally.ask("status")["pid"])
        os.kill(pid, 1)
        sally.wait_log("reload: done")
        os.kill(pid, 15)
        sally.wait_end()
        with open(log, encoding="utf-8", errors="replace") as file:
            called = set(re.findall(r"(?m)^\d+ +([a-z_0-9]+)\(", file.read()))
        self.assertIn("epoll_wait", called)
        self.assertIn("sendto", called)
        allowed = self.names_of(setting("SystemCallFilter"))
        self.assertLessEqual({"chown", "execve", "mmap"}, allowed)
        self.assertEqual(allowed & {"setuid", "reboot", "mount", "ptrace", "setpriority"}, set())
        self.assertEqual(called - allowed, set())

    @needs_root
    def test_as_its_user_it_gives_its_socket_to_the_mail_server(self):
        """What the README adds to the unit for Postfix's chroot, as far as it goes
        without systemd."""
        try:
            group = grp.getgrnam("postfix").gr_gid
        except KeyError:
            self.skipTest("wants the package postfix")
        place = os.path.join(self.folder, "chroot")
        os.chmod(self.folder, 0o755)
        os.mkdir(place)
        os.chown(place, pwd.getpwnam(ACCOUNT).pw_uid, group)
        os.chmod(place, 0o2750)
        path = os.path.join(place, "milter.sock")
        sally = self.daemon({"listen": "unix:" + path, "listen-mode": "0660", "listen-group": "postfix"},
                            command=["setpriv", "--reuid", ACCOUNT, "--regid", "nogroup", "--groups", "postfix",
                                     "--no-new-privs", "--bounding-set=-all"])
        found = os.stat(path)
        self.assertEqual((found.st_gid, found.st_mode & 0o777), (group, 0o660))
        self.assertNotIn("cannot", sally.log_text())
        knock = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        for user, may in (("postfix", True), ("daemon", False)):
            done = subprocess.run(["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "/usr/bin/python3",
                                   "-c", knock, path], capture_output=True, check=False, timeout=20)
            self.assertEqual(done.returncode == 0, may, (user, done.stderr))

    def test_its_families_are_those_that_are_needed(self):
        self.assertEqual(sorted(setting("RestrictAddressFamilies")), ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX"])

    @needs_root
    def test_accounts_and_folders_are_made(self):
        for name in ("etc", "usr/lib"):
            os.makedirs(os.path.join(self.folder, name))
        self.run_ok("systemd-sysusers", "--root=" + self.folder, os.path.join(TOP, "etc/sysusers.d/sallyport.conf"))
        with open(os.path.join(self.folder, "etc/passwd"), encoding="ascii") as file:
            self.assertRegex(file.read(), "(?m)^sallyport:.*:/var/lib/sallyport:")
        self.run_ok("systemd-tmpfiles", "--create", "--root=" + self.folder,
                    os.path.join(TOP, "etc/tmpfiles.d/sallyport.conf"))
        for name, mode in (("run", 0o755), ("var/lib", 0o750), ("var/log", 0o750)):
            self.assertEqual(os.stat(os.path.join(self.folder, name, "sallyport")).st_mode & 0o7777, mode)


class LogTest(Folder):
    def test_a_log_that_was_moved_is_opened_anew(self):
        self.check(lambda sally, path: os.rename(path, path + ".1"))

    @needs_program("logrotate", "logrotate")
    @needs_root
    def test_logrotate_takes_its_snippet(self):
        self.check(self.rotate)

    def rotate(self, sally, path):
        text = read("etc/logrotate.d/sallyport").replace("/var/log/sallyport/*.log", path)
        text = text.replace("/var/lib/sallyport", sally.state_dir).replace("sallyport sallyport", ACCOUNT + " nogroup")
        text = re.sub(r"systemctl kill .*", f"kill -HUP {sally.process.pid}", text)
        snippet = os.path.join(self.folder, "snippet")
        with open(snippet, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(snippet, 0o644)
        self.run_ok("logrotate", "-f", "-s", os.path.join(self.folder, "state"), snippet)
        self.assertTrue(glob.glob(sally.state_dir + "/redis/redis.log.1"))

    def check(self, move):
        os.chmod(self.folder, 0o755)
        sally = self.daemon({"greylist.enabled": False})
        path = os.path.join(sally.folder, "sally.log")
        sally.write_config(log__to="file:" + path)
        self.hup(sally)
        self.mail(sally)
        move(sally, path)
        self.hup(sally)
        self.mail(sally)
        for name in (path, path + ".1"):
            with open(name, encoding="utf-8") as file:
                self.assertEqual(file.read().count("event=verdict"), 1, name)
        sally.operator("greylist", "list", status=1)

    @staticmethod
    def hup(sally):
        before = sally.ask("status")["reloads"]
        sally.signal(1)
        eventually(lambda: sally.ask("status")["reloads"] > before, "reload")

    @staticmethod
    def mail(sally):
        sally.operator("try", "--client", "192.0.2.9", "--from", "a@b.example", "--rcpt", "c@d.example")


class InstallTest(Folder):
    def make(self, target):
        self.run_ok("make", "-s", "-C", build_folder(), target, "DESTDIR=" + self.folder, "prefix=/usr",
                    "sysconfdir=/etc")

    def installed(self):
        return sorted(os.path.relpath(name, self.folder) for name in glob.glob(self.folder + "/**", recursive=True)
                      if os.path.isfile(name))

    def test_what_is_installed_and_what_is_left(self):
        self.make("install")
        names = self.installed()
        for name in ("usr/sbin/sallyportd", "usr/bin/sallyport", "etc/sallyport/sallyport.yaml",
                     "usr/share/man/man8/sallyportd.8", "usr/share/man/man1/sallyport.1",
                     "usr/share/man/man5/sallyport.yaml.5", "usr/lib/systemd/system/sallyport.service",
                     "usr/lib/sysusers.d/sallyport.conf", "usr/lib/tmpfiles.d/sallyport.conf"):
            self.assertIn(name, names)
        snippets = {"usr/share/sallyport/" + os.path.relpath(name, TOP)
                    for name in glob.glob(TOP + "/etc/*/*") if os.path.basename(os.path.dirname(name)) not in (
                        "systemd", "sysusers.d", "tmpfiles.d")}
        self.assertLessEqual(snippets, set(names))
        with open(os.path.join(self.folder, "usr/lib/systemd/system/sallyport.service"), encoding="utf-8") as file:
            self.assertIn("\nExecStart=/usr/sbin/sallyportd\n", file.read())

        config = os.path.join(self.folder, "etc/sallyport/sallyport.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write("mode: enforce\n")
        self.make("install")
        with open(config, encoding="ascii") as file:
            self.assertEqual(file.read(), "mode: enforce\n", "it is the operator's")
        self.make("uninstall")
        self.assertEqual(self.installed(), ["etc/sallyport/sallyport.yaml"])


class SnippetTest(Case):
    def test_those_for_the_mtas_are_what_the_readme_says_and_the_mta_tests_use(self):
        for name, pattern in (("etc/postfix/main.cf", r"(?m)^smtpd_milters = .*$"),
                              ("etc/postfix/main.cf", r"(?m)^non_smtpd_milters = .*$"),
                              ("etc/sendmail/sallyport.m4", r"(?m)^INPUT_MAIL_FILTER\(.*\)$")):
            self.assertEqual(re.findall(pattern, read(name))[0], re.findall(pattern, read("README.md"))[0])
