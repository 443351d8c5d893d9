# The commands of this project. `make demo` and `make test` install what they need and say so.
CONFIGURATION ?= Release
BIN := artifacts/bin
DEMO := artifacts/demo-bin

# What a program is made of: the demo builds only what has changed since.
sources = $(shell find $(1) Directory.Build.props Directory.Packages.props global.json \( -name bin -o -name obj \) -prune -o -type f -print)

.PHONY: build demo test format clean

build: ## runnable coordctl, coordinator-server, coordinator-agent under artifacts/bin/
	@dotnet publish src/Coordinator.Cli -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo
	@dotnet publish src/Coordinator.Server -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo
	@dotnet publish src/Coordinator.Agent -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo

$(BIN)/.built: $(call sources,src hocon)
	@echo "building into $(BIN)" && started=$$(date +%s) && $(MAKE) --no-print-directory build && touch $@ && echo "built in $$(($$(date +%s) - started)) s"

$(DEMO)/.built: $(call sources,tests/Coordinator.Demo tests/Coordinator.Lab tests/Coordinator.LabPeer src/Coordinator.Contracts)
	@dotnet publish tests/Coordinator.Demo -c $(CONFIGURATION) -o $(DEMO) -v quiet --nologo && touch $@

demo: $(BIN)/.built $(DEMO)/.built ## a real guest under traffic migrates three times; every claim is checked
	@tests/install/network.sh && tests/install/qemu.sh && tests/install/guest.sh >/dev/null
	@$(DEMO)/coordinator-demo

test:
	@dotnet test Coordinator.sln -c $(CONFIGURATION) --nologo

format:
	@dotnet format Coordinator.sln --no-restore

clean:
	@rm -rf artifacts
