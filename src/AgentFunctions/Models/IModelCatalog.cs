using AgentFunctions.Budgets;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Models;

/// <summary>Represents the models of this host, by the names that agents use.</summary>
public interface IModelCatalog
{
    /// <summary>Gets the models; the default one first.</summary>
    IReadOnlyList<ModelBinding> Models { get; }

    /// <summary>Finds a model.</summary>
    /// <param name="name">The name; <see langword="null"/> for the default.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ModelNotFound"/>: the message lists the names that exist.
    /// </exception>
    ModelBinding Resolve(string? name);

    /// <summary>
    /// Finds the model for an agent, whose author may have written for another provider: by name, else by <c>Models:Aliases</c>,
    /// else the default one with a note, unless <c>Models:Strict</c> is set.
    /// </summary>
    /// <param name="name">The name in the agent's definition; <see langword="null"/> for the default.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ModelNotFound"/>: the message lists the names that exist.
    /// </exception>
    ModelChoice ResolveFor(string? name) => new(Resolve(name), null);
}

/// <summary>Represents the model that was found for an agent.</summary>
/// <param name="Model">The model.</param>
/// <param name="Note">Why it is not the one that the agent names; <see langword="null"/> if it is.</param>
public sealed record ModelChoice(ModelBinding Model, string? Note);

/// <summary>Represents a model and the client that calls it.</summary>
/// <param name="Name">The name that agents use.</param>
/// <param name="ModelId">The provider's own name for it.</param>
/// <param name="Profile">What the host must know of it.</param>
/// <param name="Client">How to call it.</param>
public sealed record ModelBinding(string Name, string ModelId, ModelProfile Profile, IChatClient Client)
{
    /// <summary>
    /// Gets whether the model belongs to one agent, so that it is used only where it is named; false by default.
    /// </summary>
    public bool IsOfOneAgent { get; init; }

    /// <summary>
    /// Gets the models that answer while this one gives no answers; <see langword="null"/>, the default, for none.
    /// </summary>
    public ModelFallback? Fallback { get; init; }
}

/// <summary>Represents the properties of a model that the host needs.</summary>
public sealed record ModelProfile
{
    /// <summary>
    /// Gets the provider: <c>openai</c>, <c>azure</c>, <c>moonshot</c>, <c>rehearsal</c> or a name of the host's own.
    /// </summary>
    public required string Provider { get; init; }

    /// <summary>Gets the context window in tokens; 128,000 by default.</summary>
    public int ContextWindow { get; init; } = 128_000;

    /// <summary>Gets the most tokens of one answer; 8,192 by default.</summary>
    public int MaxOutputTokens { get; init; } = 8_192;

    /// <summary>The share of the context window that declarations of tools may take.</summary>
    private const double ToolShare = 0.2;

    /// <summary>A few tools fit any model, in bytes.</summary>
    private const long LeastToolBytes = 16 * 1024;

    /// <summary>Specifies the default of <see cref="BytesPerToken"/>.</summary>
    public const double DefaultBytesPerToken = 3;

    /// <summary>
    /// Gets how many bytes (UTF-8) of usual text one token holds; 3 by default. What the provider has counted is used as it says;
    /// this is the estimate for what it has not counted yet, and should be rather too low than too high: English prose has about
    /// 4.4 with OpenAI's o200k, code and JSON about 3.3, Chinese text 3 to 4.
    /// </summary>
    public double BytesPerToken { get; init; } = DefaultBytesPerToken;

    /// <summary>Gets the temperature that the model insists on; <see langword="null"/> if any will do.</summary>
    public float? Temperature { get; init; }

    /// <summary>Gets whether answers are streamed.</summary>
    public bool Streaming { get; init; } = true;

    /// <summary>Gets whether the model's reasoning must go back with every assistant message that called a tool.</summary>
    public bool ReturnsReasoning { get; init; }

    /// <summary>
    /// Gets whether reasoning goes back, in the field in which it came, to the endpoint that sent it; true by default.
    /// </summary>
    public bool EchoesReasoning { get; init; } = true;

    /// <summary>Gets what it costs; <see langword="null"/> if that is not configured.</summary>
    public ModelPrice? Price { get; init; }

    /// <summary>Gets the most tools that one request declares; 128 by default, which is the most that OpenAI takes.</summary>
    public int MaxTools { get; init; } = 128;

    /// <summary>
    /// Gets the most bytes (UTF-8) of the tool declarations of one request; <see langword="null"/>, the default, for a fifth of
    /// the context window, and 16,384 at the least.
    /// </summary>
    public long? MaxToolBytes { get; init; }

    /// <summary>How many tools one request may declare.</summary>
    internal Runs.ToolBound Tools =>
        new(MaxTools, MaxToolBytes ?? Math.Max(LeastToolBytes, (long)(ContextWindow * BytesPerToken * ToolShare)));

    /// <summary>Gets whether this is the scripted rehearsal model, which every output must say.</summary>
    public bool IsRehearsal { get; init; }
}
