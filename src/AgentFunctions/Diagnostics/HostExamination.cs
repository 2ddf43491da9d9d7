using AgentFunctions.Agents;
using AgentFunctions.Models;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Diagnostics;

/// <summary>
/// Checks what a probe leaves out, since it costs time or money: each model is called, and each agent's tools are asked for.
/// </summary>
internal sealed class HostExamination(IModelCatalog models, AgentCatalog agents, RunTools tools, TimeProvider time)
{
    /// <summary>How long one model may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Enough for a model that thinks first.</summary>
    private const int MaxOutputTokens = 1_024;

    /// <summary>Checks models and agents.</summary>
    /// <param name="callModels">Whether each model is sent a few words, which may cost a fraction of a cent.</param>
    /// <param name="cancellationToken">The token to cancel the checks.</param>
    public async Task<IReadOnlyList<ReadinessItem>> CheckAsync(bool callModels, CancellationToken cancellationToken)
    {
        ModelBinding[] real = [.. models.Models.Where(static model => !model.Profile.IsRehearsal)];
        List<ReadinessItem> found = [.. real.SelectMany(Fallbacks)];
        if (models.Models[0].Profile.IsRehearsal)
        {
            found.Add(new(
                $"model '{models.Models[0].Name}'", ReadinessStatus.Degraded,
                "A script answers, no real model. Set OPENAI_API_KEY, AZURE_OPENAI_ENDPOINT or MOONSHOT_API_KEY, or Models:<name>:Provider, :Endpoint, :Key and :Model."));
        }

        if (callModels)
        {
            found.AddRange(await Task.WhenAll(real.Select(model => CallAsync(model, cancellationToken))).ConfigureAwait(false));
        }

        found.AddRange(agents.LeftOut.Select(static one => new ReadinessItem($"agent '{one.Name}'", ReadinessStatus.Degraded,
            one.Reason.ToString())));
        foreach (AgentDefinition agent in agents.Agents)
        {
            found.Add(await CheckAsync(agent, cancellationToken).ConfigureAwait(false));
        }

        return found;
    }

    private IEnumerable<ReadinessItem> Fallbacks(ModelBinding model)
    {
        foreach (ModelBinding other in (model.Fallback?.Models ?? []).Select(name => models.Models.First(
            one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase)
                || string.Equals(one.ModelId, name, StringComparison.OrdinalIgnoreCase))))
        {
            string[] lacks =
            [
                .. other.Profile.ContextWindow < model.Profile.ContextWindow
                    ? (string[])[$"its context window is smaller ({other.Profile.ContextWindow} tokens), so it does not answer long requests"] : [],
                .. other.Profile.Price is null && model.Profile.Price is not null
                    ? (string[])[$"it has no price, so no budget of '{model.Name}' can be in US dollars; set Models:{other.Name}:Price:Input and Price:Output"] : [],
            ];
            if (lacks.Length > 0)
            {
                yield return new($"model '{model.Name}', fallback '{other.Name}'", ReadinessStatus.Degraded,
                    $"{string.Join("; ", lacks)}.");
            }
        }
    }

    private async Task<ReadinessItem> CallAsync(ModelBinding model, CancellationToken cancellationToken)
    {
        string name = $"model '{model.Name}'";
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            var options = new ChatOptions
            {
                ModelId = model.ModelId,
                MaxOutputTokens = Math.Min(MaxOutputTokens, model.Profile.MaxOutputTokens),
                Temperature = model.Profile.Temperature,
            };
            await model.Client.GetResponseAsync([new ChatMessage(ChatRole.User, "Say ok.")], options, either.Token)
                .ConfigureAwait(false);
            return new(name);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(name, ReadinessStatus.Failed,
                $"It did not answer within {Patience.TotalSeconds:0} s. Check Endpoint and the network.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A client of the host's own may throw anything, and what it says is what its user needs.
            return new(name, ReadinessStatus.Failed, e.Message);
        }
    }

    private async Task<ReadinessItem> CheckAsync(AgentDefinition agent, CancellationToken cancellationToken)
    {
        string name = $"agent '{agent.Name}'";
        try
        {
            ModelChoice choice = models.ResolveFor(agent.Model);
            ToolOffer offer = await tools.ChooseAsync(agent, cancellationToken).ConfigureAwait(false);
            string[] notes = [.. new[] { choice.Note }.OfType<string>(), .. offer.Notes];
            return notes.Length == 0 ? new(name) : new(name, ReadinessStatus.Degraded, string.Join(" ", notes));
        }
        catch (AgentException e)
        {
            return new(name, ReadinessStatus.Failed, e.Message);
        }
    }
}
