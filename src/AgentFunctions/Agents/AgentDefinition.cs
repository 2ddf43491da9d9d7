using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Core;

namespace AgentFunctions.Agents;

/// <summary>Represents an agent: its instructions, model, tools and limits.</summary>
/// <remarks>Two definitions are equal when their <see cref="Hash"/> is.</remarks>
public sealed record AgentDefinition
{
    /// <summary>
    /// Gets the name that runs and other agents use: letters, digits, <c>-</c> and <c>_</c>, at most 64 characters.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>Gets what the agent is good for, in words for people and for agents that delegate; empty by default.</summary>
    public string Description { get; init; } = "";

    /// <summary>Gets what the model is told before anything else.</summary>
    public required string Instructions { get; init; }

    /// <summary>
    /// Gets the model's name in the host's catalog; <see langword="null"/>, the default, for the host's default.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>
    /// Gets the names of exactly the tools that the agent gets; <see langword="null"/>, the default, for every tool of the host
    /// that is not offered by name only.
    /// </summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>Gets the names of tools that the agent does not get in any case; none by default.</summary>
    public IReadOnlyList<string> DisallowedTools { get; init; } = [];

    /// <summary>
    /// Gets the tool servers that the agent may use; <see langword="null"/>, the default, for all that the host has configured.
    /// Which of their tools it gets is for <see cref="Tools"/> to say.
    /// </summary>
    public IReadOnlyList<AgentMcpServer>? McpServers { get; init; }

    /// <summary>
    /// Gets what tools do to the world, by name or by group (<c>mcp__github</c>), where the agent's author knows better than the
    /// tool; none by default.
    /// </summary>
    public IReadOnlyDictionary<string, ToolEffect> Effects { get; init; } = new Dictionary<string, ToolEffect>();

    /// <summary>Gets whether the agent may hand work to sub-agents, and by which tools; by default it may not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Delegation Delegation { get; init; }

    /// <summary>
    /// Gets whether the calls that the model asks for at once are made one after the other; false by default: they are made
    /// together.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool CallsInOrder { get; init; }

    /// <summary>Gets how the agent's model is addressed; by default as one that is to reach a goal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public PromptFraming Framing { get; init; }

    /// <summary>
    /// Gets the scopes that the agent's tokens may carry at the most; <see langword="null"/>, the default, for all that those who
    /// ask it have.
    /// </summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Gets where a run stops at the latest.</summary>
    public AgentLimits Limits { get; init; } = new();

    /// <summary>
    /// Gets the JSON schema of the result; <see langword="null"/>, the default, for free text. The model is sent it with each call,
    /// and an answer that does not fit is given back to it, twice at the most, before the run fails. A run that is submitted with a
    /// schema of its own is held to that one instead.
    /// </summary>
    public JsonElement? OutputSchema { get; init; }

    /// <summary>Gets what an agent file said beyond this library's knowledge, by key; empty by default.</summary>
    public IReadOnlyDictionary<string, JsonElement> Extra { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Gets the SHA-256 of the definition's canonical JSON as 64 hexadecimal digits. Runs are pinned to it.</summary>
    [JsonIgnore]
    public string Hash => CanonicalJson.Hash(JsonSerializer.SerializeToElement(this, AgentsJsonContext.Default.AgentDefinition));

    /// <summary>Checks that the definition can be used.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public void Validate() => AgentDefinitionRules.Check(this);

    /// <inheritdoc/>
    public bool Equals(AgentDefinition? other) => other is not null && (ReferenceEquals(this, other) || Hash == other.Hash);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Name);
}
