using System.Text.Json.Serialization;
using System.Xml;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Budgets;
using AgentFunctions.Records;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>One thing that happened in a run. Members that do not apply to the type are left out.</summary>
internal sealed record EventResource
{
    /// <summary>Its number in the run's journal, from 0: the <c>id</c> of the event stream.</summary>
    public required long Position { get; init; }

    /// <summary>What happened, for instance <c>tool.completed</c>; programs ignore types that they do not know.</summary>
    public required string Type { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTime At { get; init; }

    /// <summary>The turn.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Turn { get; init; }

    /// <summary>The number of the tool call within its turn, from 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Call { get; init; }

    /// <summary>The tool.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tool { get; init; }

    /// <summary>Whether the caller of the run executes the call; absent if this host does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsClient { get; init; }

    /// <summary>The model.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>The beginning of what was said, asked or returned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>Whether it went wrong.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsError { get; init; }

    /// <summary>The stable code of what went wrong; for <c>run.ended</c> the final status.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>The name of the artifact that holds the whole of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Artifact { get; init; }

    /// <summary>The approval that it is about.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Approval { get; init; }

    /// <summary>The question that it is about.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Question { get; init; }

    /// <summary>The sub-agent's run that it is about.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Run { get; init; }

    /// <summary>How often the step has failed in a row.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Attempt { get; init; }

    /// <summary>When the step is tried again (UTC).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? Until { get; init; }

    /// <summary>How long it took (ISO 8601).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Duration { get; init; }

    /// <summary>What a model call consumed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TokenUsage? Usage { get; init; }

    /// <summary>
    /// The id of the model call, as in <c>model.started</c>; absent if its answer was not shown while it was generated.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Delivery { get; init; }

    public static EventResource Of(long position, JournalEvent e) => new()
    {
        Position = position,
        Type = e.Type,
        At = e.At.UtcDateTime,
        Turn = e.Turn,
        Call = e.Call,
        Tool = e.Tool,
        IsClient = e.IsClient,
        Model = e.Model,
        Text = e.Text,
        IsError = e.IsError,
        Code = e.Code is null ? null : CamelCase.Of(e.Code),
        Artifact = e.Artifact,
        Approval = e.Approval,
        Question = e.Question,
        Run = e.Run,
        Attempt = e.Attempt,
        Until = e.Until?.UtcDateTime,
        Duration = e.DurationMs is { } milliseconds ? XmlConvert.ToString(TimeSpan.FromMilliseconds(milliseconds)) : null,
        Usage = e.Usage,
        Delivery = e.Delivery,
    };

    /// <summary>The event as the library knows it, for programs that read the API.</summary>
    public JournalEvent ToJournalEvent() => new(Type, new DateTimeOffset(At))
    {
        Turn = Turn,
        Call = Call,
        Tool = Tool,
        IsClient = IsClient,
        Model = Model,
        Text = Text,
        IsError = IsError,
        Code = Code,
        Artifact = Artifact,
        Approval = Approval,
        Question = Question,
        Run = Run,
        Attempt = Attempt,
        Until = Until is { } until ? new DateTimeOffset(until) : null,
        DurationMs = Duration is null ? null : (long)XmlConvert.ToTimeSpan(Duration).TotalMilliseconds,
        Usage = Usage,
        Delivery = Delivery,
    };
}
