using AgentFunctions.Models;
using AgentFunctions.OpenAI.Providers;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.OpenAI;

/// <summary>Reads and checks which models a host is configured with.</summary>
internal static class ModelConfiguration
{
    private const string Section = "Models";

    /// <summary>
    /// The name of the model that serves when an agent names none, where the configuration has one of this name.
    /// </summary>
    private const string DefaultName = "default";

    /// <summary>How often a model is asked again before another one is.</summary>
    private const int RetriesWithFallback = 1;

    private static readonly string[] Fields = FieldsOf<ModelOptions>();

    private static readonly string[] PriceFields = FieldsOf<ModelPriceOptions>();

    /// <summary>Reads all models, the default one first; none where neither section nor variables are set.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: every fault, each with its field and remedy.
    /// </exception>
    public static IReadOnlyList<NamedModel> Read(IConfiguration configuration)
    {
        List<NamedModel> models =
        [
            .. configuration.GetSection(Section).GetChildren()
                .Where(static child => !IsOfAll(child.Key))
                .OrderBy(static child => !string.Equals(child.Key, DefaultName, StringComparison.OrdinalIgnoreCase))
                .Select(child => FromSection(child, configuration)),
        ];
        if (models.Count == 0)
        {
            models = [.. ModelProvider.All.Select(provider => FromVariables(provider, configuration)).OfType<NamedModel>()];
        }

        List<string> faults = [.. models.SelectMany(static model => ModelOptionsValidator.Faults(model))];
        if (faults.Count > 0)
        {
            throw new AgentException(ErrorCode.InvalidInput, string.Join(Environment.NewLine, faults));
        }

        return models;
    }

    /// <summary>Reads what names of models stand for.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the message names the field.</exception>
    public static ModelAliases ReadAliases(IConfiguration configuration) => ModelAliases.Read(configuration.GetSection(Section));

    private static bool IsOfAll(string key) =>
        string.Equals(key, ModelAliases.AliasesKey, StringComparison.OrdinalIgnoreCase)
            || string.Equals(key, ModelAliases.StrictKey, StringComparison.OrdinalIgnoreCase);

    private static NamedModel FromSection(IConfigurationSection section, IConfiguration configuration)
    {
        string path = $"{Section}:{section.Key}";
        EnsureKnown(section, path, Fields);
        EnsureKnown(section.GetSection(nameof(ModelOptions.Price)), $"{path}:{nameof(ModelOptions.Price)}", PriceFields);

        var options = new ModelOptions();
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException wrongType)
        {
            throw new AgentException(
                ErrorCode.InvalidInput, $"{path}: {wrongType.Message} Numbers are plain, durations like 00:05:00.", wrongType);
        }

        ModelProvider? provider = ModelProvider.Of(options);
        string? usualEndpoint = Text(configuration[provider?.EndpointVariable ?? ""]);
        options.Endpoint = Text(options.Endpoint) ?? usualEndpoint;
        options.Key = Text(options.Key);
        options.Model = Text(options.Model) ?? Text(configuration[provider?.ModelVariable ?? ""]);
        if (Text(options.Fallback) is not null && section[nameof(ModelOptions.MaxRetries)] is null)
        {
            options.MaxRetries = RetriesWithFallback;
        }

        string remedy = $"{path}:Key is missing; set it";
        // The usual key goes to the usual endpoint only, never to another that the section names.
        if (options.Endpoint == usualEndpoint)
        {
            options.Key ??= Text(configuration[provider?.KeyVariable ?? ""]);
            remedy += $", or the environment variable {provider?.KeyVariable}";
        }

        return new(section.Key, path, options, provider, remedy);
    }

    private static void EnsureKnown(IConfigurationSection section, string path, string[] fields)
    {
        foreach (IConfigurationSection field in section.GetChildren())
        {
            if (!fields.Contains(field.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"{path}:{field.Key}: there is no such field; the fields are {string.Join(", ", fields)}.");
            }
        }
    }

    private static string[] FieldsOf<T>() => [.. typeof(T).GetProperties().Select(static property => property.Name)];

    private static NamedModel? FromVariables(ModelProvider usual, IConfiguration configuration)
    {
        string? key = Text(configuration[usual.KeyVariable]);
        string? endpoint = Text(configuration[usual.EndpointVariable]);
        bool chosen = endpoint is not null || (key is not null && !usual.NeedsEndpoint);
        if (usual.EndpointVariable.Length == 0 || !chosen)
        {
            return null;
        }

        var options = new ModelOptions { Endpoint = endpoint, Key = key, Model = Text(configuration[usual.ModelVariable]) };
        // OPENAI_BASE_URL often points at another provider, whose profile then holds.
        if (usual != ModelProvider.OpenAI)
        {
            options.Provider = usual.Name;
        }

        string remedy = $"{usual.EndpointVariable} is set, but {usual.KeyVariable} is missing; set it";
        return new(usual.Name, usual.EndpointVariable, options, ModelProvider.Of(options), remedy);
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}

/// <summary>One model of the configuration.</summary>
/// <param name="Name">The name that agents use.</param>
/// <param name="Path">Where it stands, for messages.</param>
/// <param name="Options">Its options.</param>
/// <param name="Provider">Whose it is; <see langword="null"/> if nobody knows.</param>
/// <param name="KeyRemedy">What to say when the key is missing.</param>
internal sealed record NamedModel(string Name, string Path, ModelOptions Options, ModelProvider? Provider, string KeyRemedy);
