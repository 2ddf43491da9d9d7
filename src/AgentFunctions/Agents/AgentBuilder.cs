using System.Text.Json;
using AgentFunctions.Durability;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Agents;

/// <summary>Writes an <see cref="AgentDefinition"/> step by step; converts to one by itself.</summary>
public sealed class AgentBuilder
{
    private AgentDefinition _definition;

    internal AgentBuilder(string name) => _definition = new AgentDefinition { Name = name, Instructions = "" };

    /// <summary>Sets the description of the agent, by which leads and routes choose it.</summary>
    /// <param name="description">In words for people and for agents that delegate.</param>
    public AgentBuilder WithDescription(string description) => Set(_definition with { Description = description });

    /// <summary>Sets the instructions of the agent.</summary>
    /// <param name="instructions">What the model is told before anything else.</param>
    public AgentBuilder WithInstructions(string instructions) => Set(_definition with { Instructions = instructions });

    /// <summary>Sets the model of the agent.</summary>
    /// <param name="model">Its name in the host's catalog; <see langword="null"/> for the host's default.</param>
    public AgentBuilder WithModel(string? model) => Set(_definition with { Model = model });

    /// <summary>Sets the tools of the agent; without names, none.</summary>
    /// <param name="tools">Their names.</param>
    public AgentBuilder WithTools(params IEnumerable<string> tools) => Set(_definition with { Tools = [.. tools] });

    /// <summary>Keeps tools from the agent.</summary>
    /// <param name="tools">Their names.</param>
    public AgentBuilder WithoutTools(params IEnumerable<string> tools) => Set(_definition with { DisallowedTools = [.. tools] });

    /// <summary>Sets the tool servers of the agent; without names, none.</summary>
    /// <param name="servers">Their names in the host's configuration.</param>
    public AgentBuilder WithMcpServers(params IEnumerable<string> servers) =>
        Set(_definition with { McpServers = [.. servers.Select(static name => new AgentMcpServer(name))] });

    /// <summary>Sets the effect of a tool, in place of the effect that the tool declares.</summary>
    /// <param name="tool">Its name, or the name of its group.</param>
    /// <param name="effect">What it does.</param>
    public AgentBuilder WithEffect(string tool, ToolEffect effect) =>
        Set(_definition with
        {
            Effects = new SortedDictionary<string, ToolEffect>(_definition.Effects.ToDictionary(), StringComparer.Ordinal)
            {
                [tool] = effect,
            }
        });

    /// <summary>Sets whether and how the agent may delegate to sub-agents.</summary>
    /// <param name="delegation">By which tools.</param>
    public AgentBuilder WithDelegation(Delegation delegation) => Set(_definition with { Delegation = delegation });

    /// <summary>Sets the scopes that the agent's tokens may carry; without names, none.</summary>
    /// <param name="scopes">The scopes.</param>
    public AgentBuilder WithScopes(params IEnumerable<string> scopes) => Set(_definition with { Scopes = [.. scopes] });

    /// <summary>Stops runs after so many turns.</summary>
    /// <param name="turns">At least 1; <see langword="null"/> for as many as the budget allows.</param>
    public AgentBuilder WithMaxTurns(int? turns) =>
        Set(_definition with { Limits = _definition.Limits with { MaxTurns = turns } });

    /// <summary>Stops runs after so many tokens.</summary>
    /// <param name="tokens">At least 1; <see langword="null"/> for no limit.</param>
    public AgentBuilder WithMaxTokens(long? tokens) =>
        Set(_definition with { Limits = _definition.Limits with { MaxTokens = tokens } });

    /// <summary>Stops runs after so much time.</summary>
    /// <param name="duration">From start to end, waiting included; <see langword="null"/> for no limit.</param>
    public AgentBuilder WithMaxDuration(TimeSpan? duration) =>
        Set(_definition with { Limits = _definition.Limits with { MaxDuration = duration } });

    /// <summary>Stops the run's time while it can do nothing but wait for answers to its questions.</summary>
    /// <param name="pauses">Whether it does.</param>
    public AgentBuilder WithPausedClock(bool pauses = true) =>
        Set(_definition with { Limits = _definition.Limits with { PausesClock = pauses } });

    /// <summary>Sets all limits at once.</summary>
    /// <param name="limits">The limits.</param>
    public AgentBuilder WithLimits(AgentLimits limits) => Set(_definition with { Limits = limits });

    /// <summary>Sets whether the calls that the model asks for at once are made one after the other.</summary>
    /// <param name="inOrder">Whether they are.</param>
    public AgentBuilder WithCallsInOrder(bool inOrder = true) => Set(_definition with { CallsInOrder = inOrder });

    /// <summary>Sets how the agent's model is addressed.</summary>
    /// <param name="framing">The framing.</param>
    public AgentBuilder WithFraming(PromptFraming framing) => Set(_definition with { Framing = framing });

    /// <summary>Sets the type of the result, which is returned as JSON.</summary>
    /// <typeparam name="T">The type; its schema is derived as payloads are written: camel-cased.</typeparam>
    public AgentBuilder WithOutput<T>()
    {
        // A copy: deriving a schema locks the options that it uses, and the host may still want to add resolvers.
        var options = new JsonSerializerOptions(DurableJson.Options);
        return WithOutput(AIJsonUtilities.CreateJsonSchema(typeof(T), serializerOptions: options));
    }

    /// <summary>Sets the JSON schema of the result.</summary>
    /// <param name="schema">The JSON schema.</param>
    public AgentBuilder WithOutput(JsonElement schema) => Set(_definition with { OutputSchema = schema });

    /// <summary>Keeps a value that this library knows nothing of with the definition.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value.</param>
    public AgentBuilder WithExtra(string key, JsonElement value) =>
        Set(_definition with { Extra = new Dictionary<string, JsonElement>(_definition.Extra) { [key] = value } });

    /// <summary>Gets the definition.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public AgentDefinition Build()
    {
        _definition.Validate();
        return _definition;
    }

    /// <summary>Gets the definition; the same as <see cref="Build"/>.</summary>
    /// <param name="builder">The builder.</param>
    public static implicit operator AgentDefinition(AgentBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Build();
    }

    private AgentBuilder Set(AgentDefinition definition)
    {
        _definition = definition;
        return this;
    }
}
