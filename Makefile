# The commands of this project. `make demo` and `make test` install what they need and say so.
CONFIGURATION ?= Release
BIN := artifacts/bin

.PHONY: build test format clean

build: ## runnable coordctl, coordinator-server, coordinator-agent under artifacts/bin/
	@dotnet publish src/Coordinator.Cli -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo
	@dotnet publish src/Coordinator.Server -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo
	@dotnet publish src/Coordinator.Agent -c $(CONFIGURATION) -o $(BIN) -v quiet --nologo

test:
	@dotnet test Coordinator.sln -c $(CONFIGURATION) --nologo

format:
	@dotnet format Coordinator.sln --no-restore

clean:
	@rm -rf artifacts
