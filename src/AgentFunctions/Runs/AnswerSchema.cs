using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Core.JsonSchemas;

namespace AgentFunctions.Runs;

/// <summary>The schema that an answer is held to: that of the run, else that of its agent.</summary>
internal static class AnswerSchema
{
    /// <summary>Gets the schema; <see langword="null"/> for free text, and if the agent's cannot decide.</summary>
    /// <param name="acceptance">What the run was submitted with.</param>
    /// <param name="agent">Its agent.</param>
    public static JsonElement? Of(RunAcceptance? acceptance, AgentDefinition agent) =>
        acceptance?.Schema ?? (agent.OutputSchema is { } own && JsonSchema.Unsupported(own).Count == 0 ? own : null);

    /// <summary>Gets how often an answer may be given before the run fails; 0 if nothing but the model decides.</summary>
    /// <param name="acceptance">What the run was submitted with.</param>
    /// <param name="agent">Its agent.</param>
    public static int AttemptsOf(RunAcceptance? acceptance, AgentDefinition agent) =>
        acceptance is { IsChecked: true } || Of(acceptance, agent) is not null
            ? (acceptance ?? new RunAcceptance()).MaxAttempts
            : 0;

    /// <summary>Says why answers are not held to the schema of an agent; <see langword="null"/> if they are.</summary>
    /// <param name="agent">The agent.</param>
    public static string? NoteOf(AgentDefinition agent) =>
        agent.OutputSchema is { } own && JsonSchema.Unsupported(own) is { Count: > 0 } unsupported
            ? "The model is sent the agent's schema of the answer, but answers are not checked against it, since not all of it can "
                + $"be: {string.Join("; ", unsupported)}. Mend or leave out what is named."
            : null;
}
