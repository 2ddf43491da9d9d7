using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Runs;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>The answer to a call that became a task.</summary>
internal sealed class McpCreatedTask : Result
{
    public McpCreatedTask() => ResultType = "task";

    [JsonPropertyName("taskId")]
    public required string TaskId { get; init; }

    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTime CreatedAt { get; init; }

    [JsonPropertyName("lastUpdatedAt")]
    public required DateTime LastUpdatedAt { get; init; }

    /// <summary>Always null, for no limit: a run is kept for as long as its retention says.</summary>
    [JsonPropertyName("ttlMs")]
    public long? TtlMs { get; init; }

    [JsonPropertyName("pollIntervalMs")]
    public long PollIntervalMs { get; init; } = McpTaskWire.FirstPoll;
}

/// <summary>Runs as tasks of the Model Context Protocol.</summary>
internal static class McpTaskWire
{
    /// <summary>How long a client waits before it asks again, at first, in milliseconds.</summary>
    public const long FirstPoll = 1_000;

    private const long LongestPoll = 15_000;

    /// <summary>Makes the answer to the call that started a run.</summary>
    public static McpCreatedTask Created(Run run) => new()
    {
        TaskId = run.Id,
        Status = "working",
        CreatedAt = run.CreatedAt.UtcDateTime,
        LastUpdatedAt = run.UpdatedAt.UtcDateTime,
    };

    /// <summary>Makes the empty answer of a request that was carried out.</summary>
    public static JsonObject Acknowledged() => new() { ["resultType"] = "complete" };

    /// <summary>Gets how a run stands, with its result or what it asks.</summary>
    /// <param name="stand">Where it stands.</param>
    /// <param name="tool">The host's own tool that started it; <see langword="null"/> for none.</param>
    /// <param name="now">The time (UTC).</param>
    public static JsonObject Detailed(RunStand stand, McpAgentTool? tool, DateTimeOffset now)
    {
        Run run = stand.Run;
        var task = new JsonObject
        {
            ["resultType"] = "complete",
            ["taskId"] = run.Id,
            ["status"] = "working",
            ["createdAt"] = JsonSerializer.SerializeToNode(run.CreatedAt.UtcDateTime, McpDoorJsonContext.Default.DateTime),
            ["lastUpdatedAt"] = JsonSerializer.SerializeToNode(run.UpdatedAt.UtcDateTime, McpDoorJsonContext.Default.DateTime),
            ["ttlMs"] = null,
        };
        if (stand.Words is { } words)
        {
            task["statusMessage"] = words;
        }

        if (!run.IsEnded)
        {
            task["pollIntervalMs"] = Math.Clamp((long)(now - run.CreatedAt).TotalMilliseconds / 10, FirstPoll, LongestPoll);
            if (stand.Answerable.Count > 0)
            {
                task["status"] = "input_required";
                task["inputRequests"] = JsonSerializer.SerializeToNode(
                    Elicitation.Requests(stand.Answerable),
                    McpJsonUtilities.GetTypeInfo<IDictionary<string, InputRequest>>(McpJsonUtilities.DefaultOptions));
            }
        }
        else if (run.Status == RunStatus.Cancelled)
        {
            task["status"] = "cancelled";
        }
        else
        {
            try
            {
                task["result"] = JsonSerializer.SerializeToNode(
                    McpResults.Of(run, tool), McpJsonUtilities.GetTypeInfo<CallToolResult>(McpJsonUtilities.DefaultOptions));
                task["status"] = "completed";
            }
            catch (McpProtocolException e)
            {
                task["status"] = "failed";
                task["error"] = new JsonObject { ["code"] = (int)e.ErrorCode, ["message"] = e.Message };
            }
        }

        return task;
    }
}

/// <summary>Source-generated JSON of tasks.</summary>
[JsonSerializable(typeof(McpCreatedTask))]
[JsonSerializable(typeof(DateTime))]
internal sealed partial class McpDoorJsonContext : JsonSerializerContext;
