using System.Text.Json.Serialization;

namespace AgentFunctions.OpenAI;

/// <summary>Represents the settings of a model, <c>Models:&lt;name&gt;:*</c>, or the usual environment variables.</summary>
public sealed class ModelOptions
{
    /// <summary>
    /// Gets or sets the provider: <c>openai</c> (any OpenAI-compatible endpoint), <c>azure</c>, <c>moonshot</c>, <c>deepseek</c>
    /// or <c>rehearsal</c>. By default it follows from the host of the endpoint.
    /// </summary>
    public string? Provider { get; set; }

    /// <summary>
    /// Gets or sets the base address; by default the provider's own. For <c>azure</c> the resource's address, and
    /// <c>/openai/v1/</c> is added when it is missing; for others the address up to and including <c>/v1</c>.
    /// </summary>
    public string? Endpoint { get; set; }

    /// <summary>
    /// Gets or sets the key. By default the provider's usual environment variable; <c>azure</c> signs in through Entra without
    /// one. An endpoint that wants no key takes any value. It appears in no log, error or text.
    /// </summary>
    [JsonIgnore]
    public string? Key { get; set; }

    /// <summary>
    /// Gets or sets the provider's own name for the model; for <c>azure</c> the deployment. By default the provider's usual
    /// one.
    /// </summary>
    public string? Model { get; set; }

    /// <summary>Gets or sets the context window in tokens; by default what is known of the model, otherwise 128,000.</summary>
    public int? ContextWindow { get; set; }

    /// <summary>Gets or sets the most tokens of one answer; 8,192 by default (32,768 for models that think first).</summary>
    public int? MaxOutputTokens { get; set; }

    /// <summary>
    /// Gets or sets how many bytes (UTF-8) of usual text one token holds, from 0.5 to 16; 3 by default. Estimates what the
    /// provider has not counted yet; rather too low than too high.
    /// </summary>
    public double? BytesPerToken { get; set; }

    /// <summary>
    /// Gets or sets the most tools that one request declares, from 8 to 10,000; 128 by default. What an agent has beyond it is
    /// found and loaded with the tool <c>search_tools</c>.
    /// </summary>
    public int? MaxTools { get; set; }

    /// <summary>
    /// Gets or sets the most bytes (UTF-8) of the tool declarations of one request, from 1,024 to 1,073,741,824; a fifth of the
    /// context window by default, and 16,384 at the least.
    /// </summary>
    public long? MaxToolBytes { get; set; }

    /// <summary>
    /// Gets or sets what the model costs, in US dollars per million tokens; by default not known, and then no budget can be in
    /// US dollars.
    /// </summary>
    public ModelPriceOptions? Price { get; set; }

    /// <summary>
    /// Gets or sets the names of the models that answer while this one gives no answers, separated by commas, the first choice
    /// first; none by default. Each is tried in turn, priced as itself, and this one takes over again when it has recovered.
    /// </summary>
    public string? Fallback { get; set; }

    /// <summary>
    /// Gets or sets the troubles for which <see cref="Fallback"/> answers, separated by commas: <c>unreachable</c>,
    /// <c>refused</c>, <c>overloaded</c> (also: out of credit), <c>slow</c>; any by default.
    /// </summary>
    public string? FallbackOn { get; set; }

    /// <summary>
    /// Gets or sets the temperature of every request, from 0 to 2; by default the one that the model insists on, otherwise none
    /// is sent.
    /// </summary>
    public float? Temperature { get; set; }

    /// <summary>Gets or sets whether answers are streamed; true by default.</summary>
    public bool? Streaming { get; set; }

    /// <summary>
    /// Gets or sets whether the model's reasoning is sent back with every assistant message that called a tool. By default it is
    /// sent back to the endpoint that sent it, in the same field, and wherever the provider requires it.
    /// </summary>
    public bool? ReturnsReasoning { get; set; }

    /// <summary>
    /// Gets or sets the scope of the Entra token; by default the one that fits the endpoint's host. For <c>azure</c> without a
    /// key.
    /// </summary>
    public string? TokenScope { get; set; }

    /// <summary>
    /// Gets or sets how long one attempt may take until the response's headers arrive, and its body unless that is a stream; five
    /// minutes by default.
    /// </summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Gets or sets how long a stream may bring nothing of an answer before it counts as broken; two minutes by default. Comments
    /// and empty chunks do not count, so raise it for a provider that keeps queued requests alive with comments.
    /// </summary>
    public TimeSpan StreamIdleTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Gets or sets how long one streamed answer may take in all; 30 minutes by default.</summary>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Gets or sets the most bytes of one answer as it is sent, whole or streamed, from 65,536 to 1,073,741,824; 67,108,864 (64
    /// MiB) by default. A longer one is not read to its end, and the call fails.
    /// </summary>
    public long MaxAnswerBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>
    /// Gets or sets how often a failed attempt is repeated within one call, from 0 to 10; 4 by default, and 1 with a
    /// <see cref="Fallback"/>.
    /// </summary>
    public int MaxRetries { get; set; } = 4;

    /// <summary>Gets or sets the first pause before a repeat, doubled each time and jittered; one second by default.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets the longest <c>Retry-After</c> that is waited for within a call; 30 seconds by default. A longer one fails
    /// the call with <see cref="ErrorCode.ModelRateLimited"/>, so that the run can wait on a durable timer.
    /// </summary>
    public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets or sets the most concurrent calls of this process, from 1 to 10,000; 256 by default. The host adapts the number to
    /// what the provider accepts.
    /// </summary>
    public int MaxConcurrentCalls { get; set; } = AgentFunctions.Models.Resilience.ModelConcurrency.DefaultMost;

    /// <summary>
    /// Gets or sets how many attempts within 30 seconds the circuit breaker looks at before it may open, at least 2; 20 by
    /// default. It opens when half of them failed.
    /// </summary>
    public int CircuitBreakerThroughput { get; set; } = 20;

    /// <summary>Gets or sets how long an open circuit refuses calls; 15 seconds by default.</summary>
    public TimeSpan CircuitBreakerDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public override string ToString() => $"{Provider ?? "openai"} {Model} at {Endpoint}";
}

/// <summary>Represents the price of a model, in US dollars per million tokens.</summary>
public sealed class ModelPriceOptions
{
    /// <summary>Gets or sets the price of a million tokens sent, in US dollars. Required.</summary>
    public decimal? Input { get; set; }

    /// <summary>Gets or sets the price of a million tokens received, reasoning included, in US dollars. Required.</summary>
    public decimal? Output { get; set; }

    /// <summary>
    /// Gets or sets the price of a million tokens sent that the provider had in its cache, in US dollars; by default that of any
    /// other token sent.
    /// </summary>
    public decimal? CachedInput { get; set; }

    internal Budgets.ModelPrice ToPrice() => new(Input!.Value, Output!.Value, CachedInput);
}
