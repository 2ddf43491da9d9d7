using AgentFunctions.Budgets;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Ledger;
using AgentFunctions.Models;
using AgentFunctions.Models.Resilience;
using AgentFunctions.Prompts;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Steps;

/// <summary>Calls a model once: stoppable by the kill switch, within quotas and the model's places, marked as begun.</summary>
internal sealed class ModelCaller(
    CallMarks marks, CallLedger ledger, ModelFailover failover, QuotaMeter quotas, StoppableModelCalls stoppable,
    ModelExchange exchange)
{
    /// <summary>The most tokens that an endpoint is believed to have counted, in or out, for one call.</summary>
    private const long MostTokens = 1_000_000_000;

    /// <summary>Calls a model for a run.</summary>
    /// <param name="call">Which call of the run it is, and what it may consume.</param>
    /// <param name="model">The model.</param>
    /// <param name="messages">What it is shown.</param>
    /// <param name="options">How it is to answer.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the model may have been called.</param>
    /// <returns>The answer, and whose it is; <see langword="null"/> if this very call was begun before and cut off.</returns>
    /// <exception cref="AgentException">
    /// What the model's client reports, and <see cref="ErrorCode.QuotaExceeded"/> where the call must wait for a quota's next
    /// window.
    /// </exception>
    public async Task<ModelAnswer?> CallAsync(
        ModelCall call, ModelBinding model, IEnumerable<ChatMessage> messages, ChatOptions options,
        CancellationToken cancellationToken)
    {
        try
        {
            return await stoppable.RunAsync(
                call.RunId, (run, token) => CountedAsync(call with { Run = run }, run, model, messages, options, token),
                cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (ModelPause.Of(e) is { } pause)
        {
            await new ModelRetry(model.Name, e.Code, e.Message, pause, IsPostponed: true).ReportAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Notes that the answer of a turn has just been recorded: nobody can have made the calls that it asks for.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    public void Recorded(string runId, int turn) => ledger.Asked(runId, turn);

    private async Task<ModelAnswer?> CountedAsync(
        ModelCall call, RunRecord? run, ModelBinding model, IEnumerable<ChatMessage> messages, ChatOptions options,
        CancellationToken cancellationToken)
    {
        if (!quotas.IsConfigured)
        {
            return await AnsweredAsync(call, model, messages, options, cancellationToken).ConfigureAwait(false);
        }

        _ = run ?? throw new AgentException(ErrorCode.RunNotFound, $"There is no run '{call.RunId}'.");
        await quotas.EnsureAsync(run, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ChatMessage> request = [.. messages];
        ModelAnswer? answer = await AnsweredAsync(call, model, request, options, cancellationToken).ConfigureAwait(false);
        // Counted before the answer is recorded: a call that a crash repeats has the same number, and is counted once.
        TokenUsage usage = answer is null
            ? new TokenUsage(Estimate(request, model.Profile))
            : UsageOf(answer.Response, request, options, answer.Model.Profile);
        int asked = answer?.Response.Messages.Sum(static message => message.Contents.OfType<FunctionCallContent>().Count()) ?? 0;
        await quotas.CountAsync(run, call.Number, 1 + asked, usage, CancellationToken.None).ConfigureAwait(false);
        return answer;
    }

    private Task<ModelAnswer?> AnsweredAsync(
        ModelCall call, ModelBinding model, IEnumerable<ChatMessage> messages, ChatOptions options,
        CancellationToken cancellationToken) =>
        failover.CallAsync(
            model, call.IsMarked,
            other => Estimate(messages, other.Profile) + EstimateTools(options, other.Profile) < other.Profile.ContextWindow
                && (options.Tools?.Count ?? 0) <= other.Profile.MaxTools,
            speaker => GatedAsync(call, speaker, messages, ReferenceEquals(speaker, model) ? options : For(speaker, options),
                cancellationToken));

    /// <summary>The same options for another model.</summary>
    private static ChatOptions For(ModelBinding model, ChatOptions options)
    {
        ChatOptions its = options.Clone();
        its.ModelId = model.ModelId;
        its.Temperature = model.Profile.Temperature;
        its.MaxOutputTokens = Math.Min(options.MaxOutputTokens ?? model.Profile.MaxOutputTokens, model.Profile.MaxOutputTokens);
        return its;
    }

    private async Task<ChatResponse?> GatedAsync(
        ModelCall call, ModelBinding model, IEnumerable<ChatMessage> messages, ChatOptions options,
        CancellationToken cancellationToken)
    {
        using AdaptiveConcurrencyLimiter.Place place = await failover.EnterAsync(model, call.Priority, cancellationToken)
            .ConfigureAwait(false);
        ChatResponse? response = await MarkedAsync(call, place, model, messages, options, cancellationToken)
            .ConfigureAwait(false);
        place.Succeeded = response is not null;
        return response;
    }

    private async Task<ChatResponse?> MarkedAsync(
        ModelCall call, AdaptiveConcurrencyLimiter.Place place, ModelBinding model, IEnumerable<ChatMessage> messages,
        ChatOptions options,
        CancellationToken cancellationToken)
    {
        // Never given up half way: whoever does not know whether it was written cannot take it back.
        if (call.IsMarked && !await marks.BeginAsync(call.RunId, call.Number, CancellationToken.None).ConfigureAwait(false))
        {
            return null;
        }

        try
        {
            await place.BeginAsync(cancellationToken).ConfigureAwait(false);
            return await exchange.MakeAsync(call, model, messages, options, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (call.IsMarked
            && (!place.HasBegun || (e is AgentException failure && !CallMarks.MayHaveConsumed(failure))))
        {
            // Even where the wait was given up: the call was not made, or nobody charges for it.
            await marks.TakeBackAsync(call.RunId, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Gets why another model answers in place of one, in the words of its client; <see langword="null"/> if none does.
    /// </summary>
    /// <param name="model">The model.</param>
    public string? WhyNot(string model) => failover.WhyNot(model);

    /// <summary>
    /// What a call consumed: as the provider counted it, or estimated from its bytes where it says nothing. Zero is no count of a
    /// request, and nothing can be less.
    /// </summary>
    /// <param name="response">The answer.</param>
    /// <param name="request">The messages that were sent.</param>
    /// <param name="options">The options that were sent with them.</param>
    /// <param name="profile">The model's profile.</param>
    public static TokenUsage UsageOf(ChatResponse response, IEnumerable<ChatMessage> request, ChatOptions? options,
        ModelProfile profile)
    {
        long input = Count(response.Usage?.InputTokenCount) ?? Estimate(request, profile) + EstimateTools(options, profile);
        long output = Count(response.Usage?.OutputTokenCount) ?? Estimate(response.Messages, profile);
        long cached = Math.Min(input, Count(response.Usage?.CachedInputTokenCount) ?? 0);
        return new TokenUsage(input, output, cached, profile.Price?.Of(input, output, cached) ?? 0);
    }

    /// <summary>A count that no request can have is none.</summary>
    private static long? Count(long? count) => count is > 0 and <= MostTokens ? count : null;

    private static long EstimateTools(ChatOptions? options, ModelProfile profile) =>
        (long)((options?.Tools?.OfType<AIFunctionDeclaration>()
        .Sum(static tool => (long)tool.Name.Length + tool.Description.Length + tool.JsonSchema.GetRawText().Length)
        ?? 0) / profile.BytesPerToken);

    private static long Estimate(IEnumerable<ChatMessage> messages, ModelProfile profile) =>
        (long)(messages.Sum(Prompt.BytesOf) / profile.BytesPerToken);
}

/// <summary>One model call of a run.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Number">The number of the call among the run's model calls.</param>
/// <param name="IsMarked">Whether it is marked as begun, because a budget limits what it may consume.</param>
/// <param name="Priority">How urgent the run is.</param>
internal readonly record struct ModelCall(string RunId, int Number, bool IsMarked, RunPriority Priority)
{
    /// <summary>Gets the record of the run; <see langword="null"/> if it has none.</summary>
    public RunRecord? Run { get; init; }

    /// <summary>
    /// Gets the turn whose answer it is, which whoever follows the run is shown as it comes; <see langword="null"/> for any other
    /// call.
    /// </summary>
    public int? Turn { get; init; }

    /// <summary>Gets how many messages of people the model had been shown before.</summary>
    public long InboxFrom { get; init; }

    /// <summary>Gets how many it has been shown with this call.</summary>
    public long InboxTo { get; init; }

    /// <summary>
    /// Gets what is called with the delivery of the answer if somebody was shown it while it came; <see langword="null"/> for
    /// nothing.
    /// </summary>
    public Action<string>? Shown { get; init; }
}
