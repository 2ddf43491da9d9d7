using AgentFunctions.Agents;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Prompts;

/// <summary>Gathers what the model must be shown next and the transcript lacks.</summary>
internal sealed class PromptMessages(CallLedger ledger, Inbox inbox, TimeProvider time)
{
    /// <summary>The goal before the first turn; tool results, people's messages and the host's notice before any turn.</summary>
    public async Task<IReadOnlyList<TranscriptEntry>> SinceAsync(
        RunRecord run, AgentDefinition agent, TranscriptWindow window, CallModelInput input, CancellationToken cancellationToken)
    {
        var messages = new List<(TranscriptOrigin Origin, ChatMessage Message)>();
        if (window.Entries.Count == 0)
        {
            messages.Add((TranscriptOrigin.Goal, Prompt.First(agent, run)));
        }
        else if (window.Entries[^1] is { Calls.Count: > 0 } asking)
        {
            messages.Add((TranscriptOrigin.Result, await ResultsAsync(run.Id, asking, cancellationToken).ConfigureAwait(false)));
            if (asking.FinishReason == ChatFinishReason.Length.Value)
            {
                messages.Add((TranscriptOrigin.Host, new ChatMessage(ChatRole.User, $"{Prompt.HostMark} {CutCalls}")));
            }
        }

        foreach (InboxMessage said in await inbox
            .ReadAsync(run.Id, input.InboxFrom, input.InboxTo, cancellationToken).ConfigureAwait(false))
        {
            messages.Add(said.IsHost == true
                ? (TranscriptOrigin.Host, new ChatMessage(ChatRole.User, $"{Prompt.HostMark} {said.Text}"))
                : (TranscriptOrigin.Person, new ChatMessage(ChatRole.User, [new TextContent(said.Text), .. said.Media ?? []])));
        }

        if (input.Notice is not null)
        {
            messages.Add((TranscriptOrigin.Host, new ChatMessage(ChatRole.User, $"{Prompt.HostMark} {input.Notice}")));
        }

        DateTimeOffset now = time.GetUtcNow();
        return [.. messages.Select(item => new TranscriptEntry(input.Turn, item.Message, now) { Origin = item.Origin })];
    }

    /// <summary>What the host says to the model, as messages.</summary>
    public static IEnumerable<TranscriptEntry> OfHost(IEnumerable<string> words, int turn, DateTimeOffset now) =>
        words.Select(text =>
        new TranscriptEntry(turn, new ChatMessage(ChatRole.User, $"{Prompt.HostMark} {text}"), now)
        {
            Origin = TranscriptOrigin.Host,
        });

    /// <summary>The outcomes of a turn's calls, in the order of the calls, whatever order they came in.</summary>
    private async Task<ChatMessage> ResultsAsync(string runId, TranscriptEntry asking, CancellationToken cancellationToken)
    {
        IReadOnlyList<FunctionCallContent> calls = asking.Calls;
        IReadOnlyDictionary<int, ToolOutcome> outcomes = await ledger
            .OutcomesAsync(runId, asking.Turn, calls.Count, cancellationToken).ConfigureAwait(false);
        return new ChatMessage(
            ChatRole.Tool,
            [.. calls.Select((call, number) => ResultOf(call.CallId, outcomes.GetValueOrDefault(number)))]);
    }

    private static FunctionResultContent ResultOf(string callId, ToolOutcome? outcome) => new(callId, outcome?.Text ?? NotMade)
    {
        AdditionalProperties = outcome?.SaidBy is { } by ? new AdditionalPropertiesDictionary { [Prompt.SaidBy] = by } : null,
    };

    private const string CutCalls =
        "Your last message reached its limit of output tokens and was cut there. A call that was not whole was not made. Write less at once: "
        + "split a long text over several calls.";

    private const string NotMade = "This call was not made: the run was stopped, or its budget of steps did not allow it.";
}
