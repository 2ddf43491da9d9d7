namespace AgentFunctions.Durability;

/// <summary>
/// Represents the failure of an activity or a sub-orchestration, thrown within the orchestrator that called it.
/// </summary>
/// <remarks>Follows <c>Microsoft.DurableTask.TaskFailedException</c>.</remarks>
public sealed class TaskFailedException : Exception
{
    /// <summary>Makes the exception for one failed step.</summary>
    /// <param name="taskName">The name of the activity or orchestrator.</param>
    /// <param name="taskId">The number of the step within its instance.</param>
    /// <param name="failure">What went wrong.</param>
    public TaskFailedException(string taskName, int taskId, FailureDetails failure)
        : base($"Task '{taskName}' (#{taskId}) failed: {failure?.Message}")
    {
        ArgumentNullException.ThrowIfNull(failure);
        TaskName = taskName;
        TaskId = taskId;
        Failure = failure;
    }

    /// <summary>Gets the name of the activity or orchestrator.</summary>
    public string TaskName { get; }

    /// <summary>Gets the number of the step within its instance.</summary>
    public int TaskId { get; }

    /// <summary>Gets what went wrong.</summary>
    public FailureDetails Failure { get; }
}
