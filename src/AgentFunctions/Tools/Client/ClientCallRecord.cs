using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.Tools.Client;

/// <summary>Specifies how far a call has come that its caller executes.</summary>
internal enum ClientCallState
{
    /// <summary>It waits for the answer.</summary>
    Open,

    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>Nobody answered in time.</summary>
    Expired,
}

/// <summary>Represents a call of a tool that the caller of a run executes.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">The arguments, as they were decided.</param>
/// <param name="At">When it was asked for (UTC).</param>
/// <param name="ExpiresAt">Until when it waits (UTC).</param>
internal sealed record ClientCallRecord(string Tool, JsonElement Arguments, DateTimeOffset At, DateTimeOffset ExpiresAt)
{
    /// <summary>Gets how far it has come.</summary>
    public ClientCallState State { get; init; }

    /// <summary>Gets the answer.</summary>
    public string? Text { get; init; }

    /// <summary>Gets whether the answer says that the call failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsError { get; init; }

    /// <summary>Gets who answered.</summary>
    public string? By { get; init; }

    /// <summary>Gets when it was answered (UTC).</summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    /// <summary>Gets the end of the audit log before the answer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long AuditFrom { get; init; }

    /// <summary>Gets the version that was read; <see langword="null"/> if it is new.</summary>
    [JsonIgnore]
    public string? Etag { get; init; }
}
