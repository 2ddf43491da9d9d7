using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentFunctions.Durability;
using Microsoft.DurableTask;
using CoreFailureDetails = DurableTask.Core.FailureDetails;

namespace AgentFunctions.DurableTask.Payloads;

/// <summary>
/// Carries <see cref="FailureDetails"/> through hosts that keep nothing of an exception but its type and its message: the
/// message says it in words first, and on a last line as JSON.
/// </summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "Made from a failure alone.")]
[SuppressMessage("Design", "CA1064:Exceptions should be public",
    Justification = "Crosses the durable boundary as data, never as a type.")]
internal sealed partial class DurableFailure(FailureDetails details) : Exception(Describe(details))
{
    private const string Mark = "\n#failure ";
    private const string TypeName = nameof(DurableFailure) + ": ";

    public static Exception Of(Exception exception) =>
        exception as DurableFailure ?? new DurableFailure(FailureDetails.FromException(exception));

    /// <summary>
    /// Reads what a host tells as text: as the reason of a step, or JSON-encoded as the output of an instance that failed.
    /// </summary>
    /// <param name="words">The text.</param>
    /// <param name="errorType">The kind of error if the text does not tell it.</param>
    public static FailureDetails Read(string words, string errorType)
    {
        string text = words.StartsWith('"') ? Decode(words) : words;
        return Parse(text) ?? new FailureDetails(CodeIn(text) ?? errorType, WordsOf(text));
    }

    public static FailureDetails Read(TaskFailureDetails failure) =>
        Parse(failure.ErrorMessage) ?? Of(
            failure.ErrorType, failure.ErrorMessage, failure.StackTrace, failure.InnerFailure is { } inner ? Read(inner) : null);

    public static FailureDetails Read(CoreFailureDetails failure) =>
        Parse(failure.ErrorMessage) ?? Of(
            failure.ErrorType, failure.ErrorMessage, failure.StackTrace, failure.InnerFailure is { } inner ? Read(inner) : null);

    /// <summary>What the worker and the framework report themselves, by the name that it has in this library.</summary>
    private static FailureDetails Of(string type, string message, string? stack, FailureDetails? inner) => type switch
    {
        "ActivityTaskNotFound" or "OrchestratorTaskNotFound" =>
            new FailureDetails(nameof(ErrorCode.NotRegistered), message, stack, inner, IsNonRetriable: true),
        "DurableTask.Core.Exceptions.NonDeterministicOrchestrationException" =>
            new FailureDetails(nameof(ErrorCode.NonDeterminism), message, stack, inner, IsNonRetriable: true),
        _ when message.StartsWith("Non-Deterministic workflow detected", StringComparison.Ordinal) =>
            new FailureDetails(nameof(ErrorCode.NonDeterminism), message, stack, inner, IsNonRetriable: true),
        _ => new FailureDetails(CodeIn(message) ?? type, WordsOf(message), stack, inner),
    };

    private static FailureDetails? Parse(string message)
    {
        int mark = message.IndexOf(Mark, StringComparison.Ordinal);
        if (mark < 0)
        {
            return null;
        }

        // A host may put text of its own around the message.
        int start = mark + Mark.Length;
        int end = message.IndexOf('\n', start);
        try
        {
            return DurableJson.Deserialize<FailureDetails>(message[start..(end < 0 ? ^0 : end)]);
        }
        catch (JsonException)
        {
            // Cut short by the host: what is left is the words.
            return null;
        }
    }

    /// <summary>Where a host cut the JSON short, the innermost code that is left of it.</summary>
    private static string? CodeIn(string message)
    {
        int mark = message.IndexOf(Mark, StringComparison.Ordinal);
        return mark < 0
            ? null
            : TypePattern().Matches(message, mark).Select(static match => match.Groups[1].Value)
                .LastOrDefault(static type => Enum.TryParse<ErrorCode>(type, out _));
    }

    /// <summary>The words for a person: without the type name that a host puts before them and the JSON behind.</summary>
    private static string WordsOf(string message)
    {
        int end = message.IndexOf(Mark, StringComparison.Ordinal);
        string words = end < 0 ? message : message[..end];
        int start = words.IndexOf(TypeName, StringComparison.Ordinal);
        return (start < 0 ? words : words[(start + TypeName.Length)..]).Trim();
    }

    private static string Decode(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(json) ?? json;
        }
        catch (JsonException)
        {
            return json;
        }
    }

    [GeneratedRegex("\"errorType\":\"([A-Za-z]+)\"", RegexOptions.IgnoreCase)]
    private static partial Regex TypePattern();

    private static string Describe(FailureDetails details) =>
        details.Message + Mark + DurableJson.Serialize(WithoutStacks(details));

    private static FailureDetails WithoutStacks(FailureDetails details) => details with
    {
        StackTrace = null,
        InnerFailure = details.InnerFailure is { } inner ? WithoutStacks(inner) : null,
    };
}
