using AgentFunctions.Models;


namespace AgentFunctions.OpenAI.Providers;

/// <summary>What sets one provider apart from the others that speak the OpenAI protocol.</summary>
internal abstract record ModelProvider(string Name)
{
    public static readonly ModelProvider OpenAI = new OpenAIProvider();

    /// <summary>Gets all providers, in the order in which their environment variables are looked at.</summary>
    public static IReadOnlyList<ModelProvider> All { get; } =
        [OpenAI, new AzureProvider(), new MoonshotProvider(), new DeepSeekProvider(), new RehearsalProvider()];

    /// <summary>Gets the environment variable of the key; empty where there is none.</summary>
    public virtual string KeyVariable => "";

    /// <summary>
    /// Gets the environment variable of the endpoint; empty where the variables alone do not choose the provider.
    /// </summary>
    public virtual string EndpointVariable => "";

    /// <summary>Gets the environment variable of the model.</summary>
    public virtual string ModelVariable => "";

    /// <summary>Gets where the provider serves; <see langword="null"/> if every customer has an address.</summary>
    public virtual string? DefaultEndpoint => null;

    /// <summary>Gets the model when none is named; <see langword="null"/> if one must be.</summary>
    public virtual string? DefaultModel => null;

    public bool NeedsEndpoint => DefaultEndpoint is null && KeyVariable.Length > 0;

    /// <summary>Gets an endpoint to show in messages.</summary>
    public virtual string ExampleEndpoint => DefaultEndpoint ?? "https://example.com/v1";

    /// <summary>The provider of a configured model: the one it names, else the one that serves at its endpoint.</summary>
    public static ModelProvider? Of(ModelOptions options) => string.IsNullOrWhiteSpace(options.Provider)
        ? All.FirstOrDefault(provider => provider.ServesAt(HostOf(options.Endpoint))) ?? OpenAI
        : All.FirstOrDefault(provider => provider.Name.Equals(options.Provider.Trim(), StringComparison.OrdinalIgnoreCase));

    /// <summary>The address that the protocol's paths are appended to.</summary>
    public virtual Uri Address(ModelOptions options) => new(options.Endpoint ?? DefaultEndpoint!);

    /// <summary>How the endpoint of a model wants to be asked, before it says so itself.</summary>
    public RequestForm Form(ModelOptions options) => HostOf(Address(options).AbsoluteUri) switch
    {
        "api.deepseek.com" => new() { MaxTokensField = RequestForm.MaxTokens, Refused = [RequestForm.ResponseFormat] },
        "api.mistral.ai" => new() { MaxTokensField = RequestForm.MaxTokens, Refused = ["stream_options"] },
        _ => new(),
    };

    /// <summary>What the host must know of a model.</summary>
    public ModelProfile Profile(ModelOptions options)
    {
        ModelProfile known = Known(options.Model ?? DefaultModel ?? "");
        return known with
        {
            ContextWindow = options.ContextWindow ?? known.ContextWindow,
            MaxOutputTokens = options.MaxOutputTokens ?? known.MaxOutputTokens,
            BytesPerToken = options.BytesPerToken ?? known.BytesPerToken,
            MaxTools = options.MaxTools ?? known.MaxTools,
            MaxToolBytes = options.MaxToolBytes ?? known.MaxToolBytes,
            Price = options.Price?.ToPrice() ?? known.Price,
            Temperature = options.Temperature ?? known.Temperature,
            Streaming = options.Streaming ?? known.Streaming,
            ReturnsReasoning = options.ReturnsReasoning ?? known.ReturnsReasoning,
            EchoesReasoning = options.ReturnsReasoning ?? known.EchoesReasoning,
        };
    }

    /// <summary>What is known of a model before the configuration says otherwise.</summary>
    protected virtual ModelProfile Known(string model) => new() { Provider = Name };

    /// <summary>Whether a host is the provider's.</summary>
    protected virtual bool ServesAt(string host) => false;

    private static string HostOf(string? endpoint) => Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) ? uri.Host : "";
}
