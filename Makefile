# What a person types. Each target installs what it needs (scripts/need).
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
export PATH := $(CURDIR)/node_modules/.bin:$(PATH):/usr/sbin:/sbin

BUILD_NEEDS := g++ make python3
# perl's own command is in perl-base too, which lacks DB_File.
TEST_NEEDS := slapd ldapsearch=ldap-utils exim=exim4-daemon-light db_verify=db-util pod2man=perl openssl \
  systemd-analyze=systemd dnsmasq=dnsmasq-base cdb=tinycdb gdbmtool tdbtool=tdb-tools /usr/lib/python3/dist-packages/_tdb_text.py=python3-tdb \
  mdb_dump=lmdb-utils /usr/include/lmdb.h=liblmdb-dev sqlite3 tmux less man=man-db mandoc \
  strace samba=samba-ad-dc /usr/share/samba/setup=samba-ad-provision /usr/share/doc/samba-dsdb-modules=samba-dsdb-modules
BENCH_NEEDS := slapd ldapsearch=ldap-utils exim=exim4-daemon-light db_load=db-util /usr/bin/time=time cdb=tinycdb \
  tdbtool=tdb-tools /usr/lib/python3/dist-packages/_tdb_text.py=python3-tdb mdb_load=lmdb-utils pod2man=perl \
  ldapmodify=ldap-utils /usr/share/perl5/Net/LDAP.pm=libnet-ldap-perl

EXIM_NEEDS := dpkg-source=dpkg-dev gcc make perl /usr/include/db.h=libdb-dev /usr/include/gdbm.h=libgdbm-dev /usr/include/tdb.h=libtdb-dev \
  /usr/include/lmdb.h=liblmdb-dev /usr/include/sqlite3.h=libsqlite3-dev /usr/include/pcre2.h=libpcre2-dev

# Where Node came with its headers, better-sqlite3 is compiled against them, and nothing is downloaded for it.
headers := $(shell node -p 'path.resolve(process.execPath, "../..")' 2>/dev/null)
ifneq ($(wildcard $(headers)/include/node/node.h),)
export npm_config_nodedir := $(headers)
endif

installed := node_modules/.installed
export BENCH_RESULTS ?= .cache/bench
export QUICK

.PHONY: help build demo test fuzz bench exim-formats lint typecheck format clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 21

build: $(installed) ## Compile the commands and the library into dist/
	npm run build

demo: build ## Run the hourly job on the fixture directory, then look addresses up
	scripts/demo

test: need-test lint typecheck build ## Lint, compile, and run the whole test suite
	vitest run

fuzz: need-test $(installed) ## Try random input and random stories, and compare with the incumbents, at length
	tsx test/cli/dbmbuild-long.ts 3000
	LONG_RUN=20 vitest run test/dbm test/ldap/deltas test/tables/stories test/integration/deltas.test.ts

bench: need-bench build ## Measure against the incumbents, as ratios (QUICK=1: small sizes, and docs/performance.md stays)
	@rm -rf $(BENCH_RESULTS)
	@for main in bench/*/main.ts; do echo "$$main" && tsx "$$main" || exit; done
	@[ -n "$(QUICK)" ] || tsx bench/page.ts $(BENCH_RESULTS)

exim-formats: need-exim $(installed) ## Build Exim from Debian's source with each dbm library, and have it find every key of a table
	scripts/exim-source .cache/exim
	tsx test/dbm/exim-formats.ts .cache/exim

lint: $(installed) ## Check form and style
	npm run lint

typecheck: $(installed) ## Check types
	npm run typecheck

format: $(installed) ## Put the files into form
	npm run format

clean: ## Remove what was built and installed here
	rm -rf dist .cache node_modules

.PHONY: need-test need-bench need-exim
need-test:
	@scripts/need $(BUILD_NEEDS) $(TEST_NEEDS)
need-bench:
	@scripts/need $(BUILD_NEEDS) $(BENCH_NEEDS)

need-exim:
	@scripts/need $(BUILD_NEEDS) $(EXIM_NEEDS)

$(installed): package.json package-lock.json
	@scripts/need $(BUILD_NEEDS)
	npm ci
	@touch $@
