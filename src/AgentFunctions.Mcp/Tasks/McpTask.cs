using System.Text.Json.Serialization;
using AgentFunctions.Mcp.Input;
using AgentFunctions.Storage;
using AgentFunctions.Tools;

namespace AgentFunctions.Mcp.Tasks;

/// <summary>Represents a task that a call started at a server.</summary>
/// <param name="Server">The name of the server.</param>
/// <param name="TaskId">The task, as the server names it.</param>
/// <param name="Turn">The turn of the call.</param>
/// <param name="Call">The number of the call within its turn.</param>
internal sealed record McpTask(string Server, string TaskId, int Turn, int Call)
{
    /// <summary>
    /// Gets whether the server has said that it ended. The record stays: a crash may have the result asked for again.
    /// </summary>
    public bool IsOver { get; init; }

    /// <summary>Gets whether it is a task as 2025-11-25 had them.</summary>
    public bool IsOlder { get; init; }

    /// <summary>
    /// Gets the keys of what it has asked for, in the order in which people were asked; <see langword="null"/> for none.
    /// </summary>
    public IReadOnlyList<string>? Asked { get; init; }

    /// <summary>Gets those of the keys that were answered to the server; <see langword="null"/> for none.</summary>
    public IReadOnlyList<string>? Answered { get; init; }

    /// <summary>Gets what it asked for and did not get; <see langword="null"/> for nothing.</summary>
    public IReadOnlyList<InputNote>? Notes { get; init; }
}

/// <summary>Keeps which tasks the calls of a run started: a record for each.</summary>
internal sealed class McpTasks(IRecordStore records)
{
    private const string Prefix = "mcp-tasks/";

    private readonly JsonRecords<McpTask> _tasks = new(records, McpTaskJsonContext.Default.McpTask);

    /// <summary>Finds the task of a call; <see langword="null"/> if it has started none.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<McpTask?> FindAsync(ToolContext call, CancellationToken cancellationToken) =>
        (await _tasks.FindAsync(KeyOf(call), cancellationToken).ConfigureAwait(false))?.Value;

    /// <summary>Keeps the task of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="task">The task.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task PutAsync(ToolContext call, McpTask task, CancellationToken cancellationToken) =>
        _tasks.UpdateAsync(KeyOf(call), _ => task, cancellationToken);

    /// <summary>Lists the tasks of a run of which nobody has heard that they ended.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<McpTask>> OpenOfAsync(string runId, CancellationToken cancellationToken)
    {
        var found = new List<McpTask>();
        await foreach (StoredRecord record in records.ListAsync($"{Prefix}{runId}/", null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (_tasks.Read(record) is { IsOver: false } open)
            {
                found.Add(open);
            }
        }

        return found;
    }

    private static string KeyOf(ToolContext call) => Prefix + call.IdempotencyKey;
}

/// <summary>Source-generated JSON of tasks.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(McpTask))]
internal sealed partial class McpTaskJsonContext : JsonSerializerContext;
