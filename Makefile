# Two commands do it all on a fresh Debian 12 with a Swift toolchain: `make run` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
SWIFT ?= swift
# With real servers and time-outs of theirs: one test after the other, so that a busy machine is not taken for an outage.
SERVER_SUITES = (BackendContract|PostgresBackend|RedisBackend|KafkaBackend|S3Backend)Tests
# With whole processes, encoders and players: apart from the others, whose threads they would keep waiting.
PROCESS_SUITES = (EndToEnd|WebSocketConformance)Tests
# What holds on every broker: run on librdkafka's mock cluster with the others, and on SeaweedFS's gateway beside it.
BROKER_SUITES = LogContract|KafkaBrokerTests|TakeOverTests

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that building and running need
	@scripts/setup.sh

build: setup ## Build everything in release mode
	$(SWIFT) build -c release

run: setup ## Build and start Sluice, and say where to publish and where to watch
	$(SWIFT) build -c release --product sluice
	@scripts/players.sh || echo "The page plays in browsers that have HLS themselves; Firefox needs hls.js (scripts/players.sh)."
	@exec .build/release/sluice

demo: ## The same, with FFmpeg publishing a test picture with a clock and a tone
	@scripts/setup.sh --test
	$(SWIFT) build -c release --product sluice
	@scripts/players.sh || echo "The page plays in browsers that have HLS themselves; Firefox needs hls.js (scripts/players.sh)."
	@exec scripts/demo.sh

test: ## Run every test, also those with real encoders, players and servers
	@scripts/setup.sh --test
	@scripts/s3-server.sh >/dev/null
	@scripts/websocket-conformance.sh --setup
	$(SWIFT) build -c release --product sluice
	@scripts/openapi-check.sh
	$(SWIFT) test --skip '$(SERVER_SUITES)|$(PROCESS_SUITES)'
	$(SWIFT) test --skip-build --filter '$(PROCESS_SUITES)'
	$(SWIFT) test --skip-build --no-parallel --filter '$(SERVER_SUITES)'
	@# 69: it has said why this machine cannot do it.
	status=0; scripts/kafka-gateway.sh $(SWIFT) test --skip-build --no-parallel --filter '$(BROKER_SUITES)' || status=$$?; \
	  [ $$status -eq 0 ] || [ $$status -eq 69 ]

test-gateway: ## Run the tests of Kafka's logs on a second broker: the gateway of SeaweedFS
	@scripts/setup.sh --test
	$(SWIFT) build --build-tests
	scripts/kafka-gateway.sh $(SWIFT) test --skip-build --no-parallel --filter '$(BROKER_SUITES)'

openapi-check: setup ## Hold the API of a running server against its own OpenAPI document
	$(SWIFT) build -c release --product sluice
	@scripts/openapi-check.sh

browser-test: setup ## Play a live broadcast in Chromium and Firefox, with their own HLS, hls.js and dash.js
	$(SWIFT) build -c release --product sluice
	@Tests/BrowserTests/run.sh

bench: ## Measure, beside nginx, nginx-rtmp and FFmpeg in the same run
	@scripts/setup.sh --test
	@scripts/bench.sh

latency: ## Measure how old pictures are at delivery and in a player
	@scripts/setup.sh --test
	@scripts/latency.sh

quality: ## Measure the ladder's rungs against the source, beside FFmpeg's
	@scripts/setup.sh --test
	@scripts/quality.sh

cluster-up: ## Start two of each service over real stores on loopback, and say where everything is
	@scripts/setup.sh --test
	$(SWIFT) build -c release
	@scripts/cluster.sh up

cluster-down: ## End them and remove what they stored
	@scripts/cluster.sh down

deployment-check: ## Hold images, Compose, nginx.conf, k8s/ and the chart against what checks them
	@scripts/setup.sh --test
	@[ -x .build/release/sluice ] || $(SWIFT) build -c release --product sluice
	@scripts/deployment-check.sh

docker-up: ## The same with Docker Compose: build the images, start everything, say where it is
	@mkdir -p .build-docker
	@[ -s .build-docker/token ] || (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >.build-docker/token)
	@scripts/players.sh || echo "The page plays in browsers that have HLS themselves; Firefox needs hls.js (scripts/players.sh)."
	ADMIN_TOKEN=$${ADMIN_TOKEN:-$$(cat .build-docker/token)} docker compose up --build --detach --wait
	@echo "publish rtmp://localhost:1935/live/KEY, watch http://localhost:8080/?stream=STREAM, API http://localhost:8080"
	@echo "ADMIN_TOKEN=$${ADMIN_TOKEN:-$$(cat .build-docker/token)}"

docker-down: ## End it and remove what it stored
	ADMIN_TOKEN=none docker compose down --volumes

chaos: ## Break the cluster in every way during a broadcast, and say what viewers noticed (CHAOS=short)
	@scripts/setup.sh --test
	$(SWIFT) build -c release
	@scripts/chaos.sh

lossless: ## Hold what viewers get against what an encoder sent while a worker is killed (LOSSLESS_SECONDS)
	@scripts/setup.sh --test
	$(SWIFT) build -c release
	@scripts/chaos/lossless.sh

load: ## Broadcasters and viewers on one machine, and how they fared (BROADCASTERS, VIEWERS, SECONDS_EACH)
	@scripts/setup.sh --test
	$(SWIFT) build -c release
	@scripts/load.sh

fuzz: ## Fuzz the parsers with libFuzzer (FUZZ_SECONDS each, default 60)
	@scripts/fuzz.sh

fmt: ## Format all Swift code
	$(SWIFT) format format --in-place --parallel --recursive Package.swift Sources Tests services Benchmarks Fuzz

lint: ## Hold all Swift code against the formatter's rules
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests services Benchmarks Fuzz

clean: ## Remove what was built
	rm -rf .build .build-*

.PHONY: help setup build run demo test test-gateway openapi-check browser-test bench latency quality cluster-up cluster-down deployment-check docker-up docker-down chaos lossless load fuzz fmt lint clean
