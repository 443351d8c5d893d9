# The commands of this project. `make demo` and `make test` install what they need and say so.
CONFIGURATION ?= Release
BIN := artifacts/bin

.PHONY: build install test search format clean

build: ## runnable coordctl, coordinator-server, coordinator-agent under artifacts/bin/
	@dotnet publish src/Coordinator.Cli -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo
	@dotnet publish src/Coordinator.Server -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo
	@dotnet publish src/Coordinator.Agent -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo

install: ## QEMU 7.2 and 10, iproute2 and the guest image, from the system's package sources; quiet when all is there
	@tests/install/qemu.sh
	@tests/install/network.sh
	@tests/install/guest.sh >/dev/null

test: install ## all tests of all suites, summed in the last line
	@dotnet build Coordinator.sln -c $(CONFIGURATION) -v quiet --nologo
	@CONFIGURATION=$(CONFIGURATION) tests/all

search: ## pairs of faults, those of coordinators included, to the bound that fits 10 minutes and 8 GB
	@dotnet build tests/Coordinator.Search -c $(CONFIGURATION) -v quiet --nologo
	@dotnet tests/Coordinator.Search/bin/$(CONFIGURATION)/net10.0/Coordinator.Search.dll --faults 2 --max-states 50000000

format:
	@dotnet format Coordinator.sln --no-restore

clean:
	@rm -rf artifacts
