"""Every member that SageMaker's actions which create jobs take: served, kept or refused; see `members`."""

from collections.abc import Mapping

from sandbox.aws.sagemaker.member_kinds import Members, Values, every, inside

_S3 = "DataSource.S3DataSource"

_ALGORITHM: Members = {
    **every("served", "TrainingImage", "TrainingInputMode", "MetricDefinitions"),
    **every("served", "ContainerEntrypoint", "ContainerArguments"),
    **every("kept", "EnableSageMakerMetricsTimeSeries", "TrainingImageConfig.TrainingRepositoryAccessMode"),
    **every("refused", "AlgorithmName", "TrainingImageConfig.TrainingRepositoryAuthConfig"),
}
_CHANNEL: Members = {
    **every("served", "ChannelName", "ContentType", "CompressionType", "RecordWrapperType", "InputMode"),
    **every("served", f"{_S3}.S3DataType", f"{_S3}.S3Uri", f"{_S3}.S3DataDistributionType"),
    **every("kept", "ShuffleConfig"),
    **every("refused", f"{_S3}.AttributeNames", f"{_S3}.InstanceGroupNames", f"{_S3}.ModelAccessConfig"),
    **every("refused", f"{_S3}.HubAccessConfig", "DataSource.FileSystemDataSource"),
    **every("refused", "DataSource.DatasetSource"),
}
_RESOURCES: Members = {
    **every("served", "InstanceType", "InstanceCount"),
    **every("kept", "VolumeSizeInGB", "VolumeKmsKeyId"),
    **every("refused", "KeepAlivePeriodInSeconds", "InstanceGroups", "TrainingPlanArn"),
    **every("refused", "InstancePlacementConfig", "InstancePreferences"),
    **every("refused", "SelectedInstanceType", "SelectedInstanceCount"),
}
_STOPPING: Members = {
    **every("served", "MaxRuntimeInSeconds", "MaxWaitTimeInSeconds"),
    **every("kept", "MaxPendingTimeInSeconds"),
}

_PROCESSING_OUTPUT: Members = {
    **every("served", "OutputName", "S3Output", "AppManaged"),
    **every("refused", "FeatureStoreOutput"),
}
_CLUSTER: Members = {
    **every("served", "InstanceCount", "InstanceType"),
    **every("kept", "VolumeSizeInGB", "VolumeKmsKeyId"),
    **every("refused", "InstancePreferences", "SelectedInstanceType", "SelectedInstanceCount"),
}
_TUNING_CONFIG: Members = {
    **every("served", "Strategy", "HyperParameterTuningJobObjective", "RandomSeed"),
    **every("served", "ResourceLimits.MaxNumberOfTrainingJobs", "ResourceLimits.MaxParallelTrainingJobs"),
    **every("served", "ParameterRanges.IntegerParameterRanges", "ParameterRanges.ContinuousParameterRanges"),
    **every("served", "ParameterRanges.CategoricalParameterRanges", "TrainingJobEarlyStoppingType"),
    **every("served", "TuningJobCompletionCriteria.TargetObjectiveMetricValue"),
    **every("refused", "StrategyConfig", "ResourceLimits.MaxRuntimeInSeconds"),
    **every("refused", "ParameterRanges.AutoParameters"),
    **every("refused", "TuningJobCompletionCriteria.BestObjectiveNotImproving"),
    **every("refused", "TuningJobCompletionCriteria.ConvergenceDetected"),
}
_TUNED: Members = {
    **every("served", "DefinitionName", "StaticHyperParameters", "RoleArn", "Environment"),
    **every("served", "AlgorithmSpecification.TrainingImage", "AlgorithmSpecification.TrainingInputMode"),
    **every("served", "AlgorithmSpecification.MetricDefinitions"),
    **every("refused", "AlgorithmSpecification.AlgorithmName"),
    **inside("InputDataConfig", _CHANNEL),
    **every("served", "OutputDataConfig"),
    **inside("ResourceConfig", _RESOURCES),
    **inside("StoppingCondition", _STOPPING),
    **every("served", "EnableManagedSpotTraining", "CheckpointConfig", "RetryStrategy"),
    **every("kept", "VpcConfig", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"),
    **every("refused", "TuningObjective", "HyperParameterRanges", "HyperParameterTuningResourceConfig"),
}

JOB_MEMBERS: Mapping[str, Members] = {
    "CreateTrainingJob": {
        **every("served", "TrainingJobName", "RoleArn", "HyperParameters", "Environment", "Tags"),
        **inside("AlgorithmSpecification", _ALGORITHM),
        **inside("InputDataConfig", _CHANNEL),
        **every("served", "OutputDataConfig"),
        **inside("ResourceConfig", _RESOURCES),
        **inside("StoppingCondition", _STOPPING),
        **every("served", "EnableManagedSpotTraining", "CheckpointConfig", "RetryStrategy"),
        **every("kept", "VpcConfig", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"),
        **every("kept", "DebugHookConfig", "ProfilerConfig", "InfraCheckConfig", "SessionChainingConfig"),
        **every("refused", "DebugRuleConfigurations", "ProfilerRuleConfigurations", "RemoteDebugConfig"),
        **every("refused", "TensorBoardOutputConfig", "ExperimentConfig", "ServerlessJobConfig"),
        **every("refused", "MlflowConfig", "ModelPackageConfig"),
    },
    "CreateProcessingJob": {
        **every("served", "ProcessingJobName", "RoleArn", "AppSpecification", "Environment", "Tags"),
        **every("served", "ProcessingInputs.InputName", "ProcessingInputs.AppManaged"),
        **every("served", "ProcessingInputs.S3Input"),
        **every("refused", "ProcessingInputs.DatasetDefinition"),
        **inside("ProcessingOutputConfig.Outputs", _PROCESSING_OUTPUT),
        **every("served", "ProcessingOutputConfig.KmsKeyId"),
        **every("kept", "NetworkConfig"),
        **inside("ProcessingResources.ClusterConfig", _CLUSTER),
        **every("served", "StoppingCondition"),
        **every("refused", "ExperimentConfig"),
    },
    "CreateHyperParameterTuningJob": {
        **every("served", "HyperParameterTuningJobName", "Tags"),
        **inside("HyperParameterTuningJobConfig", _TUNING_CONFIG),
        **inside("TrainingJobDefinition", _TUNED),
        **every("refused", "TrainingJobDefinitions", "WarmStartConfig", "Autotune"),
    },
}

_TRAINING_VALUES: Values = {
    "AlgorithmSpecification.TrainingInputMode": frozenset({"File"}),
    "AlgorithmSpecification.TrainingImageConfig.TrainingRepositoryAccessMode": frozenset({"Platform"}),
    "InputDataConfig.InputMode": frozenset({"File"}),
    "InputDataConfig.CompressionType": frozenset({"None"}),
    "InputDataConfig.RecordWrapperType": frozenset({"None"}),
    "InputDataConfig.DataSource.S3DataSource.S3DataType": frozenset({"S3Prefix", "ManifestFile"}),
    "ResourceConfig.InstanceCount": frozenset({1}),
}

_PROCESSING_VALUES: Values = {
    "ProcessingInputs.AppManaged": frozenset({False}),
    "ProcessingInputs.S3Input.S3InputMode": frozenset({"File"}),
    "ProcessingInputs.S3Input.S3CompressionType": frozenset({"None"}),
    "ProcessingOutputConfig.Outputs.AppManaged": frozenset({False}),
    "ProcessingResources.ClusterConfig.InstanceCount": frozenset({1}),
}

JOB_VALUES: Mapping[str, Values] = {
    "CreateTrainingJob": _TRAINING_VALUES,
    "CreateProcessingJob": _PROCESSING_VALUES,
    "CreateHyperParameterTuningJob": {
        "HyperParameterTuningJobConfig.Strategy": frozenset({"Random", "Grid"}),
        "HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType": frozenset({"Off"}),
        **{
            path: values
            for path, values in inside("TrainingJobDefinition", _TRAINING_VALUES).items()
            if "TrainingImageConfig" not in path
        },
    },
}
