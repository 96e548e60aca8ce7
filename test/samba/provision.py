"""provision.py FOLDER PASSWORD LDIF...

Makes the domain of FOLDER/smb.conf in FOLDER, then brings in each LDIF file in one transaction, as the system itself.
Where a file has changes to the schema, the next one can use them.

samba-tool would do the first half, but sets the access control lists of the domain's file shares, which takes root and
a module of smbd, and nothing here has files to share.
"""

import logging
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.provision import DS_DOMAIN_FUNCTION_2008_R2, provision
from samba.samdb import SamDB

folder, password, *files = sys.argv[1:]
lp = LoadParm(filename_for_non_global_lp=folder + "/etc/smb.conf")
provision(
    logging.getLogger(),
    system_session(),
    lp=lp,
    targetdir=folder,
    realm=lp.get("realm"),
    domain=lp.get("workgroup"),
    hostname=lp.get("netbios name").lower(),
    hostip="127.0.0.1",
    adminpass=password,
    serverrole=lp.get("server role"),
    dns_backend="NONE",
    dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
    skip_sysvolacl=True,
    batch_mode=True,
)

# Keeps the objects' own GUIDs, and allows what only Exchange's and Windows' own installers may set.
controls = ["relax:0"]
for file in files:
    sam = SamDB(url=lp.samdb_url(), session_info=system_session(), lp=lp)
    sam.transaction_start()
    with open(file) as ldif:
        for change, message in sam.parse_ldif(ldif.read()):
            try:
                if change == ldb.CHANGETYPE_MODIFY:
                    sam.modify(message, controls)
                else:
                    sam.add(message, controls)
            except ldb.LdbError as error:
                sys.exit(f"{file}: {message.dn}: {error}")
    sam.transaction_commit()
