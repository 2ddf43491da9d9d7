using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Budgets;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>One page of a run's messages, in order.</summary>
/// <param name="Messages">The messages.</param>
/// <param name="Next">The value of <c>from</c> for the next page; null at the present end.</param>
internal sealed record TranscriptResource(IReadOnlyList<MessageResource> Messages, long? Next)
{
    /// <summary>The <c>before</c> of the page before this one; left out at the beginning, and for a turn or a search.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Previous { get; init; }
}

/// <summary>One message, as the model saw or said it.</summary>
internal sealed record MessageResource
{
    /// <summary>Its number in the transcript, from 0.</summary>
    public required long Position { get; init; }

    /// <summary>The turn it belongs to, from 1.</summary>
    public required int Turn { get; init; }

    /// <summary>When it was recorded (UTC).</summary>
    public required DateTime At { get; init; }

    /// <summary>Who speaks: <c>user</c>, <c>assistant</c> or <c>tool</c>.</summary>
    public required string Role { get; init; }

    /// <summary>
    /// Where it comes from: <c>host</c>, <c>goal</c>, <c>person</c>, <c>result</c> or <c>model</c>. What a message claims of
    /// itself counts for nothing.
    /// </summary>
    public required TranscriptOrigin Origin { get; init; }

    /// <summary>What it says, in order.</summary>
    public required IReadOnlyList<ContentResource> Contents { get; init; }

    /// <summary>For the model's messages: the model that spoke.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>For a summary of older messages: the position from which the model still sees messages as they were.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SummaryKeepsFrom { get; init; }

    /// <summary>For the model's messages: why it stopped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? FinishReason { get; init; }

    /// <summary>For the model's messages: what the call consumed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TokenUsage? Usage { get; init; }

    public static MessageResource Of(TranscriptEntry entry, Redactor redactor) => new()
    {
        Position = entry.Position,
        Turn = entry.Turn,
        At = entry.At.UtcDateTime,
        Role = entry.Message.Role.Value,
        Origin = entry.Source,
        Contents = [.. entry.Message.Contents.Select(content => ContentResource.Of(content, redactor))],
        SummaryKeepsFrom = entry.SummaryKeepsFrom,
        Model = entry.Model,
        FinishReason = entry.FinishReason,
        Usage = entry.Usage,
    };
}

/// <summary>A part of a message.</summary>
/// <param name="Type"><c>text</c>, <c>reasoning</c>, <c>toolCall</c>, <c>toolResult</c> or <c>other</c>.</param>
internal sealed record ContentResource(string Type)
{
    /// <summary>The text; for a tool's result the result.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>Which call this is, or of which call this is the result.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CallId { get; init; }

    /// <summary>The tool.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tool { get; init; }

    /// <summary>The arguments of a call, by name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Arguments { get; init; }

    public static ContentResource Of(AIContent content, Redactor redactor) => content switch
    {
        TextContent text => new("text") { Text = text.Text },
        TextReasoningContent reasoning => new("reasoning") { Text = reasoning.Text },
        FunctionCallContent call => new("toolCall")
        {
            CallId = call.CallId,
            Tool = call.Name,
            // The model chose the names and numbers in them too.
            Arguments = redactor.RedactFree(JsonSerializer.SerializeToElement(
                call.Arguments, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)))),
        },
        FunctionResultContent result => new("toolResult") { CallId = result.CallId, Text = result.Result?.ToString() },
        _ => new("other"),
    };
}
