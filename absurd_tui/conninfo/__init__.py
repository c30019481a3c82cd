"""Where to connect: everything libpq and absurdctl accept becomes one `ConnSpec`.

`resolve` reads URIs, keyword strings, bare database names, service files, password files and the PG* environment with
libpq's own precedence (string, then service, then environment, then defaults). It connects to nothing.
"""

from absurd_tui.conninfo.resolution import NothingToConnectTo, resolve
from absurd_tui.conninfo.secret import Secret
from absurd_tui.conninfo.spec import ConnSpec
from absurd_tui.conninfo.tls import Tls

__all__ = ["ConnSpec", "NothingToConnectTo", "Secret", "Tls", "resolve"]
