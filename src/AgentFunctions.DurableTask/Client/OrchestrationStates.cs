using AgentFunctions.Durability;
using AgentFunctions.DurableTask.Payloads;
using Microsoft.DurableTask.Client;
using DurableStatus = Microsoft.DurableTask.Client.OrchestrationRuntimeStatus;

namespace AgentFunctions.DurableTask.Client;

/// <summary>Translates what Durable Task says of an instance.</summary>
internal static class OrchestrationStates
{
    public static OrchestrationState StateOf(OrchestrationMetadata metadata) => new(
        metadata.InstanceId, metadata.Name, StatusOf(metadata.RuntimeStatus), metadata.CreatedAt, metadata.LastUpdatedAt)
    {
        Input = metadata.SerializedInput,
        Output = metadata.RuntimeStatus == DurableStatus.Failed ? null : metadata.SerializedOutput,
        CustomStatus = metadata.SerializedCustomStatus,
        Failure = FailureOf(metadata),
    };

    /// <summary>What the host itself could not do, such as loading the orchestrator, it tells as the output.</summary>
    private static FailureDetails? FailureOf(OrchestrationMetadata metadata) => metadata switch
    {
        { FailureDetails: { } failure } => DurableFailure.Read(failure),
        { RuntimeStatus: DurableStatus.Failed, SerializedOutput: { } words } =>
            DurableFailure.Read(words, nameof(ErrorCode.EngineUnavailable)),
        _ => null,
    };

    public static OrchestrationStatus StatusOf(DurableStatus status) => status switch
    {
        DurableStatus.Pending => OrchestrationStatus.Pending,
        DurableStatus.Suspended => OrchestrationStatus.Suspended,
        DurableStatus.Completed => OrchestrationStatus.Completed,
        DurableStatus.Failed => OrchestrationStatus.Failed,
        DurableStatus.Terminated => OrchestrationStatus.Terminated,
        // An execution that continues as new is between two executions of a running instance.
        _ => OrchestrationStatus.Running,
    };

    public static DurableStatus StatusOf(OrchestrationStatus status) => Enum.Parse<DurableStatus>(status.ToString());
}
