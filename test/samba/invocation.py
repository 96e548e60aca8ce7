"""invocation.py FOLDER

Makes the stopped domain controller of FOLDER/etc/smb.conf another one than that whose contents it has: what counts its changes has
another name (MS-ADTS, 6.1.1.2.2.1.2.1.1), as on a server that was restored from a backup.
"""

import sys
import uuid

import ldb
from samba.auth import system_session
from samba.dcerpc import misc
from samba.ndr import ndr_pack
from samba.param import LoadParm
from samba.samdb import SamDB

(folder,) = sys.argv[1:]
lp = LoadParm(filename_for_non_global_lp=folder + "/etc/smb.conf")
sam = SamDB(url=lp.samdb_url(), session_info=system_session(), lp=lp)
change = ldb.Message(ldb.Dn(sam, sam.get_dsServiceName()))
value = ndr_pack(misc.GUID(str(uuid.uuid4())))
change["invocationId"] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, "invocationId")
sam.modify(change, ["relax:0"])
