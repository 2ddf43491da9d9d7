using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Mcp.Tasks;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp.Input;

/// <summary>
/// Makes a call of a server that may ask for input first. Each request becomes a question to people; the call ends there, and is
/// sent again with all answers, under the same idempotency key.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="tool">The tool.</param>
/// <param name="takesTask">Whether the answer may be a task.</param>
internal sealed class InputCall(McpServer server, Tool tool, bool takesTask)
{
    /// <summary>How often a server may ask within one call.</summary>
    private const int MaxRounds = 5;

    private const int MaxRequests = 4;
    private const int MaxBytes = 128 * 1024;

    /// <summary>Makes the call, as far as it can be made now.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the call.</param>
    /// <returns>What the server answered; <see langword="null"/> while people are asked.</returns>
    public async Task<McpCallAnswer?> MakeAsync(Dictionary<string, JsonElement> arguments, ToolContext context,
        CancellationToken cancellationToken)
    {
        IPersonAsker? asker = context.Features.Get<IPersonAsker>();
        ToolInputs? inputs = asker is null ? null : context.Services.GetService<ToolInputs>();
        ToolInput? input = inputs is null ? null : await inputs.FindAsync(context, cancellationToken).ConfigureAwait(false);
        List<InputNote> notes = [.. input?.Notes ?? []];
        while (true)
        {
            InputAnswers? answers = null;
            if (input is not null && inputs is null)
            {
                // Nobody can be asked from here: the server decides what it does without.
                answers = new InputAnswers(Cancelled(input, notes), input.State);
            }
            else if (input is not null)
            {
                JsonObject? responses = await AskAsync(asker!, input, notes, cancellationToken).ConfigureAwait(false);
                if (responses is null)
                {
                    return null;
                }

                // Before it is sent: after a crash from here on, nobody can tell whether the server has carried the call out.
                await inputs!.PutAsync(context, input with { IsSent = true }, cancellationToken).ConfigureAwait(false);
                answers = new InputAnswers(responses, input.State);
            }

            McpCallAnswer answer = await server.CallAsync(tool, arguments, context, answers, takesTask, cancellationToken)
                .ConfigureAwait(false);
            notes.AddRange(answer.Notes);
            if (answer.Required is not { } required)
            {
                return answer with
                {
                    Result = answer.Result is { } result ? With(result, InputNote.Words(notes)) : null,
                    Notes = notes
                };
            }

            input = Next(input, required) with { Notes = notes.Count == 0 ? null : [.. notes] };
            if (inputs is not null)
            {
                await inputs.PutAsync(context, input, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Finds out after a crash whether a call was carried out: one that was only asked about was not.</summary>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    public static async Task<Reconciliation> ReconcileAsync(ToolContext context, CancellationToken cancellationToken) =>
        context.Services.GetService<ToolInputs>() is { } inputs
            && await inputs.FindAsync(context, cancellationToken).ConfigureAwait(false) is { IsSent: false }
                ? Reconciliation.DidNotTakeEffect
                : Reconciliation.Unknown;

    private ToolInput Next(ToolInput? before, JsonObject required)
    {
        int round = (before?.Round ?? 0) + 1;
        if (round > MaxRounds)
        {
            throw Refused($"it asked more than {MaxRounds} times");
        }

        if (System.Text.Encoding.UTF8.GetByteCount(required.ToJsonString()) > MaxBytes)
        {
            throw Refused($"what it asks for takes more than {MaxBytes} bytes");
        }

        Dictionary<string, JsonElement> requests = (required["inputRequests"] as JsonObject ?? [])
            .ToDictionary(static request => request.Key,
                static request => JsonElement.Parse(request.Value?.ToJsonString() ?? "null"), StringComparer.Ordinal);
        string? state = required["requestState"] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        return requests.Count > MaxRequests ? throw Refused($"it asks for more than {MaxRequests} things at once")
            : requests.Count == 0 && state is null ? throw Refused("it asked for nothing")
            : new ToolInput(round, requests, state);
    }

    /// <summary>Adds words to a result.</summary>
    /// <param name="result">The result.</param>
    /// <param name="words">The words; <see langword="null"/> for none.</param>
    public static CallToolResult With(CallToolResult result, string? words) => words is null ? result : new CallToolResult
    {
        Content = [.. result.Content, new TextContentBlock { Text = words }],
        StructuredContent = result.StructuredContent,
        IsError = result.IsError,
    };

    private JsonObject Cancelled(ToolInput input, List<InputNote> notes)
    {
        var responses = new JsonObject();
        foreach ((string key, JsonElement request) in input.Requests)
        {
            notes.Add(new InputNote(ElicitedQuestion.Of(server.Definition.Name, request).Text, InputNote.NobodyHere));
            responses[key] = new JsonObject { ["action"] = "cancel" };
        }

        return responses;
    }

    /// <summary>
    /// Asks people for each of the inputs; the answers as the protocol has them, or <see langword="null"/> while one is open.
    /// </summary>
    private async Task<JsonObject?> AskAsync(IPersonAsker asker, ToolInput input, List<InputNote> notes,
        CancellationToken cancellationToken)
    {
        var responses = new JsonObject();
        bool isOpen = false;
        int number = input.Round * 100;
        foreach ((string key, JsonElement request) in input.Requests)
        {
            PersonQuestion question = ElicitedQuestion.Of(server.Definition.Name, request);
            PersonAnswer answer = await asker.AskAsync(number++, question, cancellationToken).ConfigureAwait(false);
            isOpen |= answer.Verdict == PersonVerdict.Waits;
            notes.AddRange(InputNote.Of(question.Text, answer) is { } note ? [note] : []);
            responses[key] = ElicitedQuestion.AnswerOf(answer);
        }

        return isOpen ? null : responses;
    }

    private AgentException Refused(string why) =>
        new(ErrorCode.ToolFailed, $"The tool server '{server.Definition.Name}' asked for input: {why}.");
}

/// <summary>Represents the answers that a call is sent again with.</summary>
/// <param name="Responses">The answers, by the server's keys.</param>
/// <param name="State">What the server wants back; <see langword="null"/> for nothing.</param>
internal sealed record InputAnswers(JsonObject Responses, string? State);

/// <summary>Represents what a server said to a call: a result, a task, or that it needs input first.</summary>
/// <param name="Result">The result.</param>
/// <param name="Required">The input that it needs.</param>
/// <param name="Notes">What it asked for within the call and did not get.</param>
internal sealed record McpCallAnswer(CallToolResult? Result, JsonObject? Required, IReadOnlyList<InputNote> Notes)
{
    /// <summary>Gets the task that it has become; <see langword="null"/> for none.</summary>
    public TaskStand? Task { get; init; }
}
