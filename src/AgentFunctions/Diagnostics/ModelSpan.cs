using System.Diagnostics;
using AgentFunctions.Budgets;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Diagnostics;

/// <summary>Represents the span of one call of a model, <c>chat</c>, and what is measured of it.</summary>
internal readonly struct ModelSpan : IDisposable
{
    private const string Attempts = "agentfunctions.attempt";

    private readonly Activity? _span;
    private readonly ModelBinding _model;

    /// <summary>Whether the client traces and measures its calls itself, which must not be counted twice.</summary>
    private readonly bool _isTraced;

    private ModelSpan(Activity? span, ModelBinding model, bool isTraced) => (_span, _model, _isTraced) = (span, model, isTraced);

    /// <summary>Gets whether what is said is to be written down.</summary>
    public bool IsRecorded => _span is { IsAllDataRequested: true };

    /// <summary>Starts the span.</summary>
    /// <param name="run">The run; <see langword="null"/> if it has no record.</param>
    /// <param name="model">The model.</param>
    /// <param name="number">The number of the call among the run's model calls.</param>
    /// <param name="turn">The turn whose answer it is; <see langword="null"/> for any other call.</param>
    public static ModelSpan Start(RunRecord? run, ModelBinding model, int number, int? turn)
    {
        bool isTraced = model.Client.GetService(typeof(ActivitySource)) is not null;
        Activity? span = run is null
            ? null
            : RunTrace.Start($"chat {model.ModelId}", "chat", isTraced ? ActivityKind.Internal : ActivityKind.Client, run);
        span?.SetTag("gen_ai.provider.name", model.Profile.Provider)
            .SetTag("gen_ai.request.model", model.ModelId)
            .SetTag("agentfunctions.model", model.Name)
            .SetTag("agentfunctions.model_call", number)
            .SetTag("agentfunctions.turn", turn)
            .SetTag(Attempts, 1);
        return new ModelSpan(span, model, isTraced);
    }

    /// <summary>Notes on the present span that its request failed and is made again.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="pause">How long until it is made again.</param>
    public static void Retried(ErrorCode code, TimeSpan pause)
    {
        for (Activity? span = Activity.Current; span is not null; span = span.Parent)
        {
            if (span.GetTagItem(Attempts) is int attempt)
            {
                span.SetTag(Attempts, attempt + 1)
                    .AddEvent(new ActivityEvent("agentfunctions.retry", tags: new ActivityTagsCollection
                {
                    { "error.type", code.ToString() },
                    { "agentfunctions.pause_seconds", pause.TotalSeconds },
                }));
                return;
            }
        }
    }

    /// <summary>Notes the answer.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="usage">What the call consumed.</param>
    /// <param name="took">How long it took.</param>
    public void Completed(ChatResponse response, TokenUsage usage, TimeSpan took)
    {
        _span?.SetTag("gen_ai.response.id", response.ResponseId)
            .SetTag("gen_ai.response.model", response.ModelId)
            .SetTag("gen_ai.response.finish_reasons", new[] { response.FinishReason?.Value ?? "stop" })
            .SetTag("gen_ai.usage.input_tokens", usage.InputTokens)
            .SetTag("gen_ai.usage.output_tokens", usage.OutputTokens)
            .SetTag("gen_ai.usage.cache_read.input_tokens", usage.CachedTokens)
            .SetTag("agentfunctions.cost.usd", usage.Usd > 0 ? (double)usage.Usd : null);
        if (!_isTraced)
        {
            AgentTelemetry.ModelCalled(_model, usage, took);
        }
    }

    /// <summary>Notes that the call failed.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="took">How long it took.</param>
    public void Failed(Exception failure, TimeSpan took)
    {
        string code = (failure as AgentException)?.Code.ToString() ?? failure.GetType().FullName!;
        _span?.SetTag("error.type", code).SetStatus(ActivityStatusCode.Error);
        if (!_isTraced)
        {
            AgentTelemetry.ModelFailed(_model, code, took);
        }
    }

    /// <summary>Writes down what was said; only where the host asked for it.</summary>
    /// <param name="messages">What the model was shown, without secrets.</param>
    /// <param name="response">What it said, without secrets.</param>
    public void Say(IEnumerable<ChatMessage> messages, IEnumerable<ChatMessage> response) => _span
        ?.SetTag("gen_ai.input.messages", SpanContent.Of(messages))
        .SetTag("gen_ai.output.messages", SpanContent.Of(response));

    public void Dispose() => _span?.Dispose();
}
