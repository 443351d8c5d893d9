# The commands of this project. `make demo` and `make test` install what they need and say so.
CONFIGURATION ?= Release
BIN := artifacts/bin
DEMO := artifacts/demo-bin

# What a program is made of: the demo builds only what has changed since.
sources = $(shell find $(1) Directory.Build.props Directory.Packages.props global.json \( -name bin -o -name obj \) -prune -o -type f -print)

.PHONY: build install-demo install demo test search soak mutants bench load chaos chaos-libvirt chaos-cluster format clean

# Analyzers judge the code in `make test`; whoever wants to use the programs need not wait for them.
publish = dotnet publish $(1) -c $(CONFIGURATION) -o $(2) -v quiet --nologo -p:RunAnalyzers=false

build: ## runnable coordctl, coordinator-server, coordinator-agent under artifacts/bin/
	@$(call publish,src/Coordinator.Cli,$(BIN))
	@$(call publish,src/Coordinator.Server,$(BIN))
	@$(call publish,src/Coordinator.Agent,$(BIN))

$(BIN)/.built: $(call sources,src hocon)
	@echo "building into $(BIN)" && started=$$(date +%s) && $(MAKE) --no-print-directory build && touch $@ && echo "built in $$(($$(date +%s) - started)) s"

$(DEMO)/.built: $(call sources,tests/Coordinator.Demo tests/Coordinator.Lab tests/Coordinator.LabPeer src/Coordinator.Contracts)
	@$(call publish,tests/Coordinator.Demo,$(DEMO)) && touch $@

demo: install-demo $(BIN)/.built $(DEMO)/.built ## a real guest under traffic migrates three times; every claim is checked
	@$(DEMO)/coordinator-demo

install-demo: ## QEMU 7.2 and 10, iproute2 and the guest image, from the system's package sources; quiet when all is there
	@tests/install/qemu.sh
	@tests/install/network.sh
	@tests/install/guest.sh >/dev/null

install: install-demo ## and what only tests need: spin, PostgreSQL, Chromium, systemd-analyze, docker-compose, Prometheus, libfaketime
	@tests/install/systemd.sh
	@tests/install/spin.sh
	@tests/install/postgres.sh
	@tests/install/chromium.sh
	@tests/install/containers.sh
	@tests/install/faketime.sh

test: install ## all tests of all suites, summed in the last line; ONLY=Search for one suite
	@dotnet build Coordinator.sln -c $(CONFIGURATION) -v quiet --nologo
	@CONFIGURATION=$(CONFIGURATION) tests/all $(ONLY)

search: ## one fault of any kind and a person: complete; then pairs of faults, those of coordinators included, to the bound that fits 10 minutes and 8 GB
	@dotnet build tests/Coordinator.Search -c $(CONFIGURATION) -v quiet --nologo
	@dotnet tests/Coordinator.Search/bin/$(CONFIGURATION)/net10.0/Coordinator.Search.dll --faults 1 --no-cancel --person
	@dotnet tests/Coordinator.Search/bin/$(CONFIGURATION)/net10.0/Coordinator.Search.dll --faults 2 --max-states 35000000

mutants: ## mutants of the decision code, all in one build: who is killed by tests, schedules and searches, and who survives
	@CONFIGURATION=$(CONFIGURATION) tests/Coordinator.Mutants/run

soak: ## a million simulated schedules, 0 to 6 faults each; says what was hit, and shrinks the first violation
	@dotnet build tests/Coordinator.Simulation -c $(CONFIGURATION) -v quiet --nologo
	@dotnet tests/Coordinator.Simulation/bin/$(CONFIGURATION)/net10.0/Coordinator.Simulation.dll --seed 1000000 --schedules 1000000

bench: install ## what a migration costs the guest, against plain QEMU in the same run
	@dotnet build tests/Coordinator.Benchmarks -c $(CONFIGURATION) -v quiet --nologo
	@dotnet tests/Coordinator.Benchmarks/bin/$(CONFIGURATION)/net10.0/Coordinator.Benchmarks.dll linux --rounds 200
	@dotnet tests/Coordinator.Benchmarks/bin/$(CONFIGURATION)/net10.0/Coordinator.Benchmarks.dll empty --rounds 1000

load: install ## 2,000 active simulated migrations and a killed node, 10,000 active ones, a burst of 10,000 requests and a killed node; artifacts/load has the reports
	@dotnet build tests/Coordinator.Load -c $(CONFIGURATION) -v quiet --nologo
	@for scenario in failover many burst; do dotnet tests/Coordinator.Load/bin/$(CONFIGURATION)/net10.0/Coordinator.Load.dll $$scenario $(LOAD) || failed="$$failed $$scenario"; done; test -z "$$failed" || { echo "not every promise was kept:$$failed"; false; }

chaos: install ## every phase x every part and link x before and after, on real processes; goes on where it was interrupted
	@dotnet build tests/Coordinator.Chaos -c $(CONFIGURATION) -v quiet --nologo
	@dotnet tests/Coordinator.Chaos/bin/$(CONFIGURATION)/net10.0/Coordinator.Chaos.dll

chaos-libvirt: install ## libvirt's fault table row by row, and ours beside it
	@dotnet build tests/Coordinator.Chaos -c $(CONFIGURATION) -v quiet --nologo
	@dotnet tests/Coordinator.Chaos/bin/$(CONFIGURATION)/net10.0/Coordinator.Chaos.dll --libvirt

chaos-cluster: install ## three coordinators, PostgreSQL and four hosts on machines of their own: each killed, stopped, cut off, at another time, without disk
	@dotnet build tests/Coordinator.Chaos -c $(CONFIGURATION) -v quiet --nologo
	@dotnet tests/Coordinator.Chaos/bin/$(CONFIGURATION)/net10.0/Coordinator.Chaos.dll --cluster

format:
	@dotnet format Coordinator.sln --no-restore

clean:
	@rm -rf artifacts
