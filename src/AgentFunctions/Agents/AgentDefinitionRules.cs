using System.Text.Json;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Agents;

/// <summary>What must hold for a definition; the field of each complaint is spelt as in an agent file.</summary>
internal static class AgentDefinitionRules
{
    private const int MaxNameLength = 64;

    public static void Check(AgentDefinition agent)
    {
        if (FirstError(agent) is var (field, complaint))
        {
            string subject = string.IsNullOrWhiteSpace(agent.Name) ? "the agent" : $"agent '{agent.Name}'";
            throw new AgentException(ErrorCode.InvalidInput, $"{subject}: {field}: {complaint}");
        }
    }

    /// <summary>The first field that is wrong, with the remedy; <see langword="null"/> when all is well.</summary>
    /// <param name="agent">The definition.</param>
    public static (string Field, string Error)? FirstError(AgentDefinition agent)
    {
        if (string.IsNullOrWhiteSpace(agent.Name))
        {
            return ("name", "is missing; give the agent a name of letters, digits, '-' and '_'.");
        }

        if (agent.Name.Length > MaxNameLength || !agent.Name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            return ("name", $"'{Shorten(agent.Name)}' is not a valid agent name. Use letters, digits, '-' and '_', at most {MaxNameLength} characters.");
        }

        if (string.IsNullOrWhiteSpace(agent.Instructions))
        {
            return ("instructions", "are missing; say what the agent is to do (in a file: the text below the front matter).");
        }

        if (agent.Model is not null && string.IsNullOrWhiteSpace(agent.Model))
        {
            return ("model", "is blank; name a model of the host's, or leave it out for the default.");
        }

        return Blank("tools", agent.Tools) ?? Blank("disallowedTools", agent.DisallowedTools) ?? Scopes(agent)
            ?? Limits(agent.Limits) ?? Schema(agent);
    }

    private static (string, string)? Blank(string field, IReadOnlyList<string>? names) =>
        names?.Any(string.IsNullOrWhiteSpace) == true ? (field, "has a blank name; remove it.") : null;

    private static (string, string)? Scopes(AgentDefinition agent) =>
        agent.Scopes?.Any(static scope => string.IsNullOrWhiteSpace(scope) || scope.Any(char.IsWhiteSpace)) == true
            ? ("scopes", "has a scope that is blank or holds a blank; write a list of words.")
            : null;

    private static (string, string)? Limits(AgentLimits limits)
    {
        if (limits.MaxTurns < 1)
        {
            return ("maxTurns", $"is {limits.MaxTurns}; it must be at least 1.");
        }

        if (limits.MaxTokens < 1)
        {
            return ("maxTokens", $"is {limits.MaxTokens}; it must be at least 1, or left out for no limit.");
        }

        return limits.MaxDuration <= TimeSpan.Zero
            ? ("maxDuration", $"is {limits.MaxDuration}; it must be longer than nothing, or left out for no limit.")
            : null;
    }

    private static (string, string)? Schema(AgentDefinition agent) =>
        agent.OutputSchema is { ValueKind: not JsonValueKind.Object }
            ? ("outputSchema", "is no JSON object; write a JSON schema such as {\"type\": \"object\", \"properties\": {}}.")
            : null;

    private static string Shorten(string text) => TextCut.Shorten(text, MaxNameLength);
}
