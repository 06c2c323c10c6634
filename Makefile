# The commands of the project. Each is a script or a line that can be read and run alone.
.PHONY: run test simulate fuzz bench check fmt ui types setup clean

run: ## open the app on sample data
	scripts/setup.sh run
	scripts/ui.sh
	cargo build --workspace --bins
	scripts/run.sh

test: ## everything that must hold, journeys in the real window included
	scripts/test.sh

simulate: ## the whole office with virtual time and network: SEEDS=n fresh seeds, or the one SEED, aloud
	cargo run --quiet --package evendesk-testkit --example simulate

fuzz: ## read what nobody would write: SECONDS (60) for each of the targets in fuzz/
	FUZZ_SECONDS=$(or $(SECONDS),60) scripts/fuzz.sh

bench: ## measure the release build, on a generated company and beside other software
	scripts/bench.sh

check: ## form, lints and types, without running anything
	scripts/setup.sh test
	cargo fmt --all --check
	npm --prefix ui run --silent check
	scripts/ui.sh
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --quiet --package evendesk-desk --test types

fmt: ## format the Rust code
	cargo fmt --all

ui: ## build the page that the window embeds
	scripts/setup.sh run
	scripts/ui.sh

types: ## write the page's types from the Rust types they come from
	UPDATE_TYPES=1 cargo test --quiet --package evendesk-desk --test types

setup: ## bring what the tests need
	scripts/setup.sh test

clean: ## remove everything that was built
	cargo clean
	rm -rf ui/dist ui/node_modules gen
