using System.Diagnostics;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using ActivityContext = AgentFunctions.Durability.ActivityContext;

namespace AgentFunctions.Activities;

/// <summary>One model call: shows the model its messages, records what it says. Never asks again for what is recorded.</summary>
internal sealed class CallModelActivity(
    RunStore runs, Transcript transcript, Journal journal, Ledger ledger, IModelCatalog models, ToolCatalog tools, TimeProvider time)
{
    /// <summary>How much of an answer the journal repeats, in characters.</summary>
    private const int JournalTextLimit = 2_000;

    public async Task<CallModelResult> RunAsync(ActivityContext context, CallModelInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        TranscriptWindow window = await transcript.ReadWindowAsync(input.RunId, input.ContextFrom, cancellationToken).ConfigureAwait(false);
        if (window.ReplyOf(input.Turn) is { } recorded)
        {
            // A crash came between the record and the engine's: the journal may or may not have heard of it.
            await journal.AppendIfMissingAsync(input.RunId, Describe(recorded, null), cancellationToken).ConfigureAwait(false);
            return ResultOf(recorded);
        }

        RunRecord run = await runs.GetAsync(input.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        ModelBinding model = models.Resolve(run.Model);
        List<TranscriptEntry> added = await MessagesSinceAsync(run, window, input.Turn, cancellationToken).ConfigureAwait(false);
        List<ChatMessage> messages = Prompt.Build(agent, [.. window.Entries, .. added]);
        ChatOptions options = Prompt.Options(agent, model, tools.Select(agent));

        long start = time.GetTimestamp();
        using Activity? span = AgentTelemetry.StartModelCall(run, model);
        ChatResponse response;
        try
        {
            response = await AskAsync(model, messages, options, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e is { Code: ErrorCode.ModelRateLimited, RetryAfter: not null })
        {
            return new CallModelResult([], new TokenUsage(), null) { RetryAfter = e.RetryAfter };
        }

        var reply = new TranscriptEntry(input.Turn, Merge(response), time.GetUtcNow())
        {
            Model = model.Name,
            Usage = UsageOf(response),
            FinishReason = response.FinishReason?.Value,
        };
        TimeSpan took = time.GetElapsedTime(start);
        AgentTelemetry.ModelCalled(span, model, reply, took);
        await transcript.AppendAsync(input.RunId, window, [.. added, reply], cancellationToken).ConfigureAwait(false);
        await journal.AppendAsync(input.RunId, Describe(reply, took), cancellationToken).ConfigureAwait(false);
        return ResultOf(reply);
    }

    /// <summary>The messages that the transcript lacks: the goal before the first turn, tool results before any other.</summary>
    private async Task<List<TranscriptEntry>> MessagesSinceAsync(
        RunRecord run, TranscriptWindow window, int turn, CancellationToken cancellationToken)
    {
        if (window.Entries.Count == 0)
        {
            return [new TranscriptEntry(turn, Prompt.Goal(run), time.GetUtcNow())];
        }

        var results = new List<AIContent>();
        IReadOnlyList<FunctionCallContent> calls = window.ReplyOf(turn - 1)?.Calls ?? [];
        for (int call = 0; call < calls.Count; call++)
        {
            LedgerEntry? entry = await ledger.FindAsync(run.Id, turn - 1, call, cancellationToken).ConfigureAwait(false);
            results.Add(new FunctionResultContent(calls[call].CallId, entry?.Outcome?.Text ?? "The call was not made: the run was interrupted."));
        }

        return results.Count == 0 ? [] : [new TranscriptEntry(turn, new ChatMessage(ChatRole.Tool, results), time.GetUtcNow())];
    }

    private static async Task<ChatResponse> AskAsync(
        ModelBinding model, List<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        if (!model.Profile.Streaming)
        {
            return await model.Client.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        }

        var updates = new List<ChatResponseUpdate>();
        await foreach (ChatResponseUpdate update in model.Client
            .GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            updates.Add(update);
        }

        return updates.ToChatResponse();
    }

    /// <summary>One message out of the answer; providers send one, but the port allows several.</summary>
    private static ChatMessage Merge(ChatResponse response) => new(
        ChatRole.Assistant,
        [.. response.Messages.SelectMany(message => message.Contents).Where(content => content is not UsageContent)]);

    private static TokenUsage UsageOf(ChatResponse response) => new(
        response.Usage?.InputTokenCount ?? 0,
        response.Usage?.OutputTokenCount ?? 0,
        response.Usage?.CachedInputTokenCount ?? 0);

    private static CallModelResult ResultOf(TranscriptEntry reply) =>
        new([.. reply.Calls.Select(call => call.Name)], reply.Usage ?? new TokenUsage(), reply.FinishReason);

    private static JournalEvent Describe(TranscriptEntry reply, TimeSpan? took) => new(JournalEventTypes.ModelCompleted, reply.At)
    {
        Turn = reply.Turn,
        Model = reply.Model,
        Text = Preview.Of(reply.Message.Text, JournalTextLimit),
        Usage = reply.Usage,
        DurationMs = (long?)took?.TotalMilliseconds,
    };
}
