#!/bin/sh
# hourly.sh TABLES_DIR URL BASE BIND_DN PASSWORD_FILE: the hourly job as cron has run it for years. A table from the directory replaces
# the one before only if it is larger, and every dbm file is built again, changed or not. Prints the directory's requests.
here=$(cd "$(dirname "$0")" && pwd)
cd "$1" || exit 1
shift
for table in exch_table o365_table; do
  perl "$here/extract.pl" "$table" "$@" >"${table}_tmp.dat" || continue
  new=$(stat -c %s "${table}_tmp.dat")
  old=$(stat -c %s "$table.dat" 2>/dev/null || echo 0)
  if [ "$new" -gt "$old" ]; then
    cp "${table}_tmp.dat" "$table.dat"
  fi
done
for table in exch_table o365_table mlist_table sm_table local_domains; do
  exim_dbmbuild "$table.dat" "$table" >/dev/null
done
