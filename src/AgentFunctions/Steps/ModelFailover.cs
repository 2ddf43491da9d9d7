using AgentFunctions.Ledger;
using AgentFunctions.Models;
using AgentFunctions.Models.Resilience;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Steps;

/// <summary>
/// Has another model answer while the one that is asked gives no answers. A call that the provider may charge for is never
/// repeated within its step where the budget counts it: it is lost, counted at its worst once, and the next call goes to the
/// other model.
/// </summary>
internal sealed partial class ModelFailover(
    IModelCatalog models, ModelConcurrency gates, ModelOutages outages, ILogger<ModelFailover> log)
{
    /// <summary>Calls a model, or those that stand in for it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="isMarked">Whether the call is marked as begun.</param>
    /// <param name="fits">Whether the request fits another model.</param>
    /// <param name="call">Calls a model once; <see langword="null"/> if this very call was begun before and cut off.</param>
    /// <returns>The answer; <see langword="null"/> if the call is lost.</returns>
    /// <exception cref="AgentException">No model answered: the trouble of the first one that was asked.</exception>
    public async Task<ModelAnswer?> CallAsync(
        ModelBinding model, bool isMarked, Func<ModelBinding, bool> fits, Func<ModelBinding, Task<ChatResponse?>> call)
    {
        if (model.Fallback is not { } fallback)
        {
            return await call(model).ConfigureAwait(false) is { } only ? new ModelAnswer(only, model) : null;
        }

        var failed = new List<AgentException>();
        foreach (ModelBinding candidate in (IEnumerable<ModelBinding>)[model,
            .. fallback.Models.Select(Find).OfType<ModelBinding>().Where(fits)])
        {
            if (!outages.MayTry(candidate.Name))
            {
                continue;
            }

            try
            {
                ChatResponse? response = await call(candidate).ConfigureAwait(false);
                if (response is not null && outages.Answered(candidate.Name))
                {
                    LogRecovered(log, candidate.Name);
                }

                return response is null ? null : new ModelAnswer(response, candidate);
            }
            catch (AgentException e) when (ModelTroubles.Of(e) is not ModelTrouble.None and var trouble
                && fallback.On.HasFlag(trouble))
            {
                outages.Failed(candidate.Name, e);
                LogFailed(log, candidate.Name, trouble, e.Message);
                failed.Add(e);
                if (isMarked && CallMarks.MayHaveConsumed(e))
                {
                    return null;
                }
            }
        }

        throw failed.Count == 0 ? AllAreDown(model, fallback) : Failure(failed);
    }

    /// <summary>Waits for a place among the calls of a model: each has places of its own.</summary>
    /// <param name="model">The model.</param>
    /// <param name="priority">How urgent the call is.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<AdaptiveConcurrencyLimiter.Place> EnterAsync(ModelBinding model, RunPriority priority,
        CancellationToken cancellationToken) =>
        gates.Of(model.Name).EnterAsync(priority, cancellationToken);

    /// <summary>
    /// Gets why a model is left alone at present, in the words of its client; <see langword="null"/> if it is not.
    /// </summary>
    /// <param name="model">The model.</param>
    public string? WhyNot(string model) => outages.Find(model)?.Why;

    /// <summary>A model that lacks its key stands in for none.</summary>
    private ModelBinding? Find(string name)
    {
        try
        {
            return models.Resolve(name);
        }
        catch (AgentException e) when (e.Code == ErrorCode.ModelKeyMissing)
        {
            return null;
        }
    }

    private AgentException AllAreDown(ModelBinding model, ModelFallback fallback)
    {
        (string Name, (string Why, TimeSpan Left)? Outage)[] down =
            [.. fallback.Models.Prepend(model.Name).Select(name => (name, outages.Find(name)))
                .Where(static one => one.Item2 is not null)];
        TimeSpan pause = down.Length == 0
            ? TimeSpan.FromSeconds(1)
            : down.Min(static one => one.Outage!.Value.Left);
        return new AgentException(
            ErrorCode.ModelUnavailable,
            $"model '{model.Name}' and those that stand in for it give no answers: {string.Join(" ", down.Select(static one => one.Outage!.Value.Why))}")
        {
            RetryAfter = pause < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : pause,
        };
    }

    /// <summary>
    /// What can be mended by waiting is told first: a refused key of one model must not end a run that another one can go on
    /// with.
    /// </summary>
    private static AgentException Failure(List<AgentException> failed)
    {
        AgentException told = failed.FirstOrDefault(static e => ModelTroubles.Of(e) != ModelTrouble.Refused) ?? failed[0];
        return failed.Count == 1 ? told
            : new AgentException(told.Code, string.Join(" ", failed.Select(static e => e.Message)), told.InnerException)
            {
                RetryAfter = told.RetryAfter,
            };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model '{Model}' gives no answers ({Trouble}): {Reason}")]
    private static partial void LogFailed(ILogger log, string model, ModelTrouble trouble, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Model '{Model}' answers again.")]
    private static partial void LogRecovered(ILogger log, string model);
}

/// <summary>What a model answered.</summary>
/// <param name="Response">The answer.</param>
/// <param name="Model">The model that gave it: the one that was asked, or one that stands in for it.</param>
internal sealed record ModelAnswer(ChatResponse Response, ModelBinding Model);
