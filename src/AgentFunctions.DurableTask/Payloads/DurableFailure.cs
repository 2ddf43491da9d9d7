using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using AgentFunctions.Durability;
using Microsoft.DurableTask;
using CoreFailureDetails = DurableTask.Core.FailureDetails;

namespace AgentFunctions.DurableTask.Payloads;

/// <summary>
/// Carries <see cref="FailureDetails"/> through hosts that keep nothing of an exception but its type and its message: the
/// message says it in words first, and on a last line as JSON.
/// </summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "Made from a failure alone.")]
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Crosses the durable boundary as data, never as a type.")]
internal sealed class DurableFailure(FailureDetails details) : Exception(Describe(details))
{
    private const string Mark = "\n#failure ";

    public static Exception Of(Exception exception) =>
        exception as DurableFailure ?? new DurableFailure(FailureDetails.FromException(exception));

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
        _ => new FailureDetails(type, message, stack, inner),
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

    private static string Describe(FailureDetails details) => details.Message + Mark + DurableJson.Serialize(WithoutStacks(details));

    private static FailureDetails WithoutStacks(FailureDetails details) => details with
    {
        StackTrace = null,
        InnerFailure = details.InnerFailure is { } inner ? WithoutStacks(inner) : null,
    };
}
