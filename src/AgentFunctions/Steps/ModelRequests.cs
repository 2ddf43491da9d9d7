using AgentFunctions.Agents;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Steps;

/// <summary>Composes what a model is sent for the next turn of a run.</summary>
internal sealed class ModelRequests(RunStore runs, PromptMessages prompts, IModelCatalog models, RunTools tools,
    LateTools lateTools, TimeProvider time)
{
    /// <summary>Composes the request of a turn.</summary>
    /// <param name="input">The step.</param>
    /// <param name="window">The part of the transcript that the model is shown.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<ModelRequest> ComposeAsync(CallModelInput input, TranscriptWindow window,
        CancellationToken cancellationToken)
    {
        RunRecord run = await runs.GetAsync(input.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        ModelBinding model = models.Resolve(run.Model);
        IReadOnlyList<TranscriptEntry> added = await prompts.SinceAsync(run, agent, window, input, cancellationToken)
            .ConfigureAwait(false);
        if (!input.Closing)
        {
            IReadOnlyList<string> news = await lateTools
                .LookAsync(run, agent, input.Turn, window.Entries.All(static entry => entry.Turn == 0), cancellationToken)
                .ConfigureAwait(false);
            added = news.Count == 0 ? added : [.. added, .. PromptMessages.OfHost(news, input.Turn, time.GetUtcNow())];
        }

        List<ChatMessage> messages = Prompt.Build(agent, window.Entries, added);
        IReadOnlyList<ToolDeclaration> declared = input.Closing
            ? []
            : await tools.DeclaredAsync(run, agent, cancellationToken).ConfigureAwait(false);
        ChatOptions options = Prompt.Options(agent, model, declared, input.MaxOutputTokens, run.Acceptance);
        return new ModelRequest(run, model, added, messages, options, declared);
    }
}

/// <summary>What a model is sent.</summary>
/// <param name="Run">The run.</param>
/// <param name="Model">The model.</param>
/// <param name="Added">What is new since the last turn, and not recorded yet.</param>
/// <param name="Messages">The messages.</param>
/// <param name="Options">How the model is to answer.</param>
/// <param name="Declared">The tools that it may call.</param>
internal sealed record ModelRequest(
    RunRecord Run, ModelBinding Model, IReadOnlyList<TranscriptEntry> Added, List<ChatMessage> Messages, ChatOptions Options,
    IReadOnlyList<ToolDeclaration> Declared);
