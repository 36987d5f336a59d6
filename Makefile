# Every target sets up what it needs, inside this folder; a second run finds it there.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/.tools/bin:$(PATH)
# compiled files are kept even where the machine says otherwise: every worker would compile all tests anew
unexport PYTHONDONTWRITEBYTECODE

# every target is a deed, none a file
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: ## .venv and the tools (pulumi, crane, actionlint), once
	@$(PYTHON) scripts/setup/bootstrap.py

data-tools: setup ## DVC, in an environment of its own in .tools/dvc (docs/data.md)
	@$(BIN)/python -m scripts.setup.data_tools

spark-tools: setup ## Spark, in an environment of its own in .tools/spark; needs Java 17 (docs/monitoring.md)
	@$(BIN)/python -m scripts.setup.spark_tools

monitoring-tools: setup ## Prometheus, promtool, Alertmanager and amtool in .tools/bin, where PATH has none (docs/monitoring.md)
	@$(BIN)/python -m scripts.setup.monitoring_tools

argo-tools: setup ## Argo Rollouts' controller and web provider in .tools/bin, for tests; ten minutes (docs/judge-service.md)
	@$(BIN)/python -m scripts.setup.argo_tools

flagger-tools: setup ## Flagger's controller in .tools/bin, for tests; ten minutes (docs/judge-service.md)
	@$(BIN)/python -m scripts.setup.flagger_tools

kubernetes-tools: setup ## kube-apiserver, its controllers, kwok, etcd and kubectl in .tools/bin, where PATH has none; ten minutes (docs/integrations.md)
	@$(BIN)/python -m scripts.setup.kubernetes_tools

opentofu: setup ## OpenTofu's tofu in .tools/bin, where PATH has none, for tests of the Terraform module (docs/integrations.md)
	@$(BIN)/python -m scripts.setup.opentofu

opentofu-providers: opentofu ## a mirror of the AWS provider in .build/providers, made by tofu: SLIPWAY_TF_PLUGINS names it for tests
	@PATH="$(CURDIR)/.tools/bin:$$PATH" tofu -chdir=tests/sandbox/clients/terraform providers mirror "$(CURDIR)/.build/providers"

package-lists: ## the distribution's lists of packages, as root: tests make the base of an image of these
	@sudo apt-get update -qq

drift-report-tools: setup ## Evidently, in an environment of its own in .tools/evidently (docs/monitoring.md)
	@$(BIN)/python -m scripts.setup.drift_report

kserve-types: setup ## KServe's published types in .tools/kserve, to compare exports with (docs/integrations.md)
	@$(BIN)/python -m scripts.setup.kserve_types

kserve-tools: kubernetes-tools kserve-types ## KServe's own controller in .tools/bin, for tests in that API server; minutes (docs/integrations.md)
	@$(BIN)/python -m scripts.setup.kserve_tools

seldon-types: setup ## Seldon's published types in .tools/seldon, to compare exports with (docs/integrations.md)
	@$(BIN)/python -m scripts.setup.seldon_types
airflow-tools: setup ## Airflow, in an environment of its own in .tools/airflow (docs/integrations.md)
	@$(BIN)/python -m scripts.setup.airflow_tools

kubeflow-tools: setup ## Kubeflow Pipelines' SDK, in an environment of its own in .tools/kubeflow (docs/integrations.md)
	@$(BIN)/python -m scripts.setup.kubeflow_tools

demo: setup ## the whole story on this machine: train, release, promote, refuse, roll back
	@./slipway demo

replay: setup ## September to December through a live endpoint, truth late: what alarmed month by month; the page in .build/replay/
	@$(BIN)/python -m bench.monitoring.replay $(ARGS)

test: setup ## all tests but the long ones and those in real containers: unit, sandbox, kill
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not container and not long"

test-long: setup ## what takes minutes more: kills and failures at many more moments, most ways through the real engine, many more examples
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "long and not container"

LIVES ?= 35
test-troubles: setup ## LIVES=35 rollouts of every strategy, each killed, failed and doubled six times at random, with callers
	@SLIPWAY_TEST_LIVES=$(LIVES) $(BIN)/python -m pytest -n 2 --dist load tests/end_to_end/test_random_troubles.py -v -rP

test-disagreements: setup ## LIVES=35 stages changed from outside, commanded and killed at random, then led back by what is named
	@SLIPWAY_TEST_LIVES=$(LIVES) $(BIN)/python -m pytest -n 2 --dist load tests/end_to_end/test_random_disagreements.py -v -rP

test-container: setup ## the main job and the server's tests in real containers; skips, and says why, without podman or root
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m container tests/container tests/model/image
	@SLIPWAY_TEST_SERVING=container $(BIN)/python -m pytest -n 2 --dist loadfile -m sandbox tests/model/serving

test-argo: argo-tools kubernetes-tools ## exported releases, moved by Argo Rollouts' own controller as our judge says
	@$(BIN)/python -m pytest tests/integrations/argo tests/end_to_end/test_argo_rollouts.py -v

test-flagger: flagger-tools kubernetes-tools ## exported releases, moved by Flagger's own controller as our judge says
	@$(BIN)/python -m pytest tests/integrations/flagger tests/end_to_end/test_flagger.py -v

test-airflow: airflow-tools ## a retraining's life by Airflow itself on the sandbox: killed, waiting, refused; what it makes of each exit code
	@$(BIN)/python -m pytest -v tests/integrations/airflow

test-kubeflow: kubeflow-tools ## the same by Kubeflow's local runner, with its artifacts and metrics; what it compiles to
	@$(BIN)/python -m pytest -v tests/integrations/kubeflow

# Two processes with folders of their own, which load nothing of the other's: with workers of one run, which all
# collect everything and report to a third process, the same tests cost half as much again.
UNIT := $(BIN)/python -m pytest -q -p no:xdist -m "not sandbox and not kill and not long"
test-unit: setup ## the tests that decide from values, in seconds
	@mkdir -p .build; $(UNIT) tests/release tests/infra >.build/unit.log 2>&1 & other=$$!; \
	$(UNIT) tests --ignore=tests/release --ignore=tests/infra; mine=$$?; \
	wait $$other; theirs=$$?; cat .build/unit.log; exit $$((mine + theirs))

lint: setup ## ruff, ty, the import directions and the workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/ty check
	@$(BIN)/lint-imports
	@$(BIN)/python -m scripts.checks.workflows

workflows: setup ## what is wrong or unsafe in .github: actionlint, zizmor and the project's own rules, without a network
	@$(BIN)/python -m scripts.checks.workflows

push-pins: ## what commands committed: the stages' files, after what others pushed meanwhile, and branches of proposals
	@$(PYTHON) "$(dir $(firstword $(MAKEFILE_LIST)))scripts/setup/push_pins.py"

test-kserve: kserve-tools ## exports by KServe's own types, webhook and controller, and its client against the exported container
	@$(BIN)/python -m pytest tests/integrations/kserve tests/end_to_end/test_inference_exports.py -k "not seldon" -v

test-seldon: seldon-types ## exports by the types that Seldon's own client publishes, and its batch client against the exported container
	@$(BIN)/python -m pytest tests/integrations/seldon tests/end_to_end/test_inference_exports.py -k "not kserve" -v

test-workflows: setup ## a model's life by the workflow files alone: act runs them on this machine, the sandbox is AWS
	@$(BIN)/python -m pytest tests/end_to_end/test_workflows.py -v

test-kubernetes: kubernetes-tools ## exports in a real API server with its controllers, and by the schemas of several versions
	@$(BIN)/python -m pytest tests/integrations/kubernetes tests/end_to_end/test_kubernetes_export.py -v

TERRAFORM := $(BIN)/python -m pytest -v tests/integrations/terraform tests/end_to_end/test_terraform_*.py \
	tests/sandbox/clients/test_terraform.py
test-terraform: setup ## the Terraform module and the AWS provider through a stage's life; skips without terraform and a mirror
	@SLIPWAY_TERRAFORM=terraform $(TERRAFORM)

test-opentofu: opentofu ## the same with OpenTofu
	@SLIPWAY_TERRAFORM=tofu $(TERRAFORM)

format: setup ## rewrite the code in the one format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## status, pulumi up, release and rollback in stages of 1 to 100 endpoints; raw results in .build/bench/rollout/
	@$(BIN)/python -m bench.rollout $(ARGS)

bench-rollout: setup ## judged rollouts in real time: how soon a bad release is gone, beside SageMaker's canary; raw results in .build/bench/rollout-judged/
	@$(BIN)/python -m bench.rollout.judged $(ARGS)

bench-training: setup ## from a model's code to a release in an empty sandbox, and 1,000 runs compared; raw results in .build/bench/training/
	@$(BIN)/python -m bench.training $(ARGS)

bench-judge: setup ## the judge beside today's practices, on streams of known truth; raw results in .build/bench/judge/
	@$(BIN)/python -m bench.judge $(ARGS)

bench-judge-service: setup ## how soon the judge's web service answers beside ten instances; raw results in .build/bench/judge_service/
	@$(BIN)/python -m bench.judge_service $(ARGS)

bench-quality: setup ## when late labels show the incident of August, beside weekly thresholds, and how often wrongly; raw results in .build/bench/quality/
	@$(BIN)/python -m bench.monitoring.quality $(ARGS)

bench-monitoring: setup ## 100 million captured rows to tables and counts; goes on where it stopped; raw results in .build/bench/monitoring/
	@$(BIN)/python -m bench.monitoring $(ARGS)

bench-experiments: setup ## experiments of known truth, looked at every minute for a month; raw results in .build/bench/monitoring/
	@$(BIN)/python -m bench.monitoring.experiments $(ARGS)

bench-drift: setup ## drift found where there is none and where there is some, beside PSI and Evidently; raw results in .build/bench/drift/
	@$(BIN)/python -m bench.monitoring.drift $(ARGS)

bench-serving: setup ## the server beside its peers, same model and load; raw results in .build/bench/serving/
	@$(BIN)/python -m bench.serving $(ARGS)

N ?= 200000
SECONDS ?= 0
SEED ?= 1
fuzz-serving: setup ## N hostile inputs to a real server: no 500, no crash, no hang, flat memory; SECONDS=60 for a short one
	@$(BIN)/python -m bench.serving.fuzz -n $(N) --seconds $(SECONDS) --seed $(SEED) $(ARGS)

MINUTES ?= 60
soak-serving: setup ## mixed requests for MINUTES=60, SIGTERM under load at the end: nothing grows, is lost or is wrong
	@$(BIN)/python -m bench.serving.soak --minutes $(MINUTES) $(ARGS)

ROWS ?= 10000000
bench-batch: setup ## ROWS=10000000 through the batch path, beside scikit-learn's predict_proba on the same core
	@$(BIN)/python -m bench.serving.batch --rows $(ROWS) $(ARGS)

SOAK_MINUTES ?= 0
bench-sandbox: setup ## what the sandbox adds to a request; SOAK_MINUTES=30 for the long run
	@$(BIN)/python -m bench.sandbox --soak-minutes $(SOAK_MINUTES)

STAGE ?= prod
deployer-policy: setup ## the IAM policy of whoever deploys STAGE=prod: infra/deployer-policy.json is prod's, written anew
	@$(BIN)/python -m tests.infra.deployer_policy && $(BIN)/python -m tests.infra.deployer_policy $(STAGE)

PORT ?= 5000
tracking: setup ## MLflow's server on 127.0.0.1:PORT=5000: a database in .build, artifacts in the sandbox's S3
	@./slipway sandbox up
	@eval "$$(./slipway sandbox env)" && exec $(BIN)/python -m scripts.setup.tracking_server --port $(PORT)

image: setup ## build the inference image; layer sizes, and why the digest changed
	@./slipway image $(ARGS)

judge-image: setup ## the image of the judge's web service; ARGS="--base REPOSITORY@sha256:…"
	@PATH="$(CURDIR)/.tools/bin:$$PATH" $(BIN)/python -m scripts.setup.judge_image $(ARGS)

update-image: setup ## newer requirements for the image, tried and measured before they are kept: ARGS=--apply
	@./slipway update $(ARGS)

sandbox: setup ## start the local AWS and print what to export
	@./slipway sandbox up
	@./slipway sandbox env

COMPILE := .tools/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header
lock: setup ## pin everything anew from the requirements files
	@$(COMPILE) requirements-dev.txt -o requirements.lock
	@$(COMPILE) --generate-hashes model/serving/requirements.in -o model/serving/requirements.txt
	@$(COMPILE) --generate-hashes -c requirements.lock model/training/requirements.in -o model/training/requirements.txt
	@$(COMPILE) --generate-hashes -c requirements.lock integrations/judge_service/requirements.in -o integrations/judge_service/requirements.txt
	@$(COMPILE) --generate-hashes model/image/requirements.in -o model/image/requirements.txt
	@$(COMPILE) --generate-hashes scripts/setup/data_tools.in -o scripts/setup/data_tools.txt
	@$(COMPILE) --generate-hashes -c requirements.lock scripts/setup/spark_tools.in -o scripts/setup/spark_tools.txt
	@$(COMPILE) --generate-hashes scripts/setup/drift_report.in -o scripts/setup/drift_report.txt
	@$(COMPILE) --generate-hashes scripts/setup/seldon_types.in -o scripts/setup/seldon_types.txt
	@$(COMPILE) --generate-hashes scripts/setup/kubernetes_tools.in -o scripts/setup/kubernetes_tools.txt
	@$(COMPILE) --generate-hashes scripts/setup/airflow_tools.in -o scripts/setup/airflow_tools.txt
	@$(COMPILE) --generate-hashes scripts/setup/kubeflow_tools.in -o scripts/setup/kubeflow_tools.txt

clean: ## delete what runs made; .venv and .tools stay
	@[ ! -x $(BIN)/python ] || ./slipway sandbox down >/dev/null 2>&1 || true
	rm -rf .build .sandbox .dvc/cache .dvc/tmp .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -not -path './.tools/*' -prune -exec rm -rf {} +

distclean: clean ## delete .venv and the built tools too
	rm -rf .venv .tools
