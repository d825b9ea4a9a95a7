"""Makes the certificates of a lab: one authority, and servers.          (edge)"""

import shutil
import subprocess

from .errors import LabError

CA = "ca"


def make_ca(folder):
    """ca.pem and ca.key in `folder`."""
    _make(folder, CA, "-subj", "/CN=Catchwater lab CA")


def make_server(folder, name, subject, alternatives, ca_folder=None):
    """NAME.pem and NAME.key, signed by the authority.  `alternatives`: DNS names
    and addresses, as openssl writes them (DNS:..., IP:...)."""
    ca_folder = ca_folder or folder
    _make(folder, name, "-subj", f"/CN={subject}",
          "-addext", f"subjectAltName={','.join(alternatives)}",
          "-addext", "basicConstraints=critical,CA:FALSE",
          "-CA", f"{ca_folder}/{CA}.pem", "-CAkey", f"{ca_folder}/{CA}.key")


def _make(folder, name, *words):
    # Valid since yesterday, where that can be had: tests turn clocks back.
    backdate = ["faketime", "-f", "-1d"] if shutil.which("faketime") else []
    done = subprocess.run(
        [*backdate, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", *words,
         "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"openssl: {done.stderr.strip()}")
