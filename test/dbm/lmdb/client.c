/* A client of the system's liblmdb, for the tests. Keys and values are hex.

   client get FILE    opens FILE as Exim's lmdb lookup does and keeps one read transaction; for each key on standard
                      input one line: the value, or "none"
   client put FILE    "KEY VALUE" puts, "KEY" alone deletes, "." commits; the end of the input commits, too */

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int rc, const char *what)
{
  if (rc == 0) return;
  fprintf(stderr, "%s: %s\n", what, mdb_strerror(rc));
  exit(1);
}

static MDB_val unhex(char *text)
{
  MDB_val val = { strlen(text) / 2, text };
  for (size_t i = 0; i < val.mv_size; i++) {
    unsigned byte;
    sscanf(text + 2 * i, "%2x", &byte);
    text[i] = byte;
  }
  return val;
}

static void get(MDB_env *env, const char *path)
{
  MDB_txn *txn;
  MDB_dbi dbi;
  char *line = NULL;
  size_t size = 0;
  check(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY, 0660), "open");
  check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
  check(mdb_dbi_open(txn, NULL, 0, &dbi), "database");
  printf("open\n");
  fflush(stdout);
  while (getline(&line, &size, stdin) > 0) {
    MDB_val key = unhex(strtok(line, " \n")), value;
    int rc = mdb_get(txn, dbi, &key, &value);
    if (rc == MDB_NOTFOUND) {
      printf("none\n");
    } else {
      check(rc, "get");
      for (size_t i = 0; i < value.mv_size; i++) printf("%02x", ((unsigned char *)value.mv_data)[i]);
      printf("\n");
    }
    fflush(stdout);
  }
  mdb_txn_abort(txn);
}

static void put(MDB_env *env, const char *path)
{
  MDB_txn *txn;
  MDB_dbi dbi;
  char *line = NULL;
  size_t size = 0;
  check(mdb_env_set_mapsize(env, 1UL << 30), "map size");
  check(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOSYNC, 0660), "open");
  check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
  check(mdb_dbi_open(txn, NULL, 0, &dbi), "database");
  while (getline(&line, &size, stdin) > 0) {
    char *first = strtok(line, " \n"), *second = strtok(NULL, " \n");
    if (strcmp(first, ".") == 0) {
      check(mdb_txn_commit(txn), "commit");
      check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
      continue;
    }
    MDB_val key = unhex(first);
    if (second == NULL) {
      check(mdb_del(txn, dbi, &key, NULL), "delete");
    } else {
      MDB_val value = unhex(second);
      check(mdb_put(txn, dbi, &key, &value, 0), "put");
    }
  }
  check(mdb_txn_commit(txn), "commit");
}

int main(int argc, char **argv)
{
  MDB_env *env;
  if (argc != 3) return 64;
  check(mdb_env_create(&env), "create");
  if (strcmp(argv[1], "get") == 0) get(env, argv[2]);
  else put(env, argv[2]);
  mdb_env_close(env);
  return 0;
}
