namespace AgentFunctions.Models;

/// <summary>
/// The models of one host: the one that is called <c>default</c>, then those that code added, those of the configuration, and the
/// rehearsal model after them, and those that belong to one agent last. The first speaks where none is named.
/// </summary>
internal sealed class ModelCatalog : IModelCatalog
{
    private readonly Dictionary<string, ModelBinding> _byName = new(StringComparer.OrdinalIgnoreCase);

    private readonly ModelAliases _aliases;

    public ModelCatalog(IEnumerable<ModelBinding> models, ModelAliases? aliases = null)
    {
        _aliases = aliases ?? ModelAliases.None;
        Models = [.. models.Where(model => _byName.TryAdd(model.Name, model))
            .OrderBy(static model => !IsDefault(model)).ThenBy(static model => model.IsOfOneAgent)];
        foreach ((ModelBinding model,
            string other) in Models.SelectMany(static model => (model.Fallback?.Models ?? []).Select(other => (model, other))))
        {
            if (Find(other) is not { } found || found == model)
            {
                throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"Models:{model.Name}:Fallback: '{other}' is {(_byName.ContainsKey(other) ? "the model itself" : "no model of this host")}; name others of "
                    + $"{string.Join(", ", Models.Where(one => one != model).Select(static one => $"'{one.Name}'"))}.");
            }
        }
    }

    public IReadOnlyList<ModelBinding> Models { get; }

    /// <summary>Whoever runs a host calls a model so to have it speak, whatever the app adds.</summary>
    private static bool IsDefault(ModelBinding model) => string.Equals(model.Name, "default", StringComparison.OrdinalIgnoreCase);

    public ModelChoice ResolveFor(string? name)
    {
        if (name is null || Find(name) is not null || _aliases.Find(name) is not { } alias)
        {
            return name is null || Find(name) is not null || _aliases.Strict
                ? new ModelChoice(Resolve(name), null)
                : new ModelChoice(
                    Resolve(null),
                    $"model: this host has no model '{name}', so its default '{Models[0].Name}' speaks; map the name in Models:Aliases, or set Models:Strict to refuse it.");
        }

        return new ModelChoice(Resolve(alias), null);
    }

    private ModelBinding? Find(string name) => _byName.GetValueOrDefault(name)
        ?? Models.FirstOrDefault(model => string.Equals(model.ModelId, name, StringComparison.OrdinalIgnoreCase));

    public ModelBinding Resolve(string? name)
    {
        ModelBinding? found = name is null ? Models[0] : Find(name);
        if (found is null)
        {
            throw new AgentException(
                ErrorCode.ModelNotFound,
                $"model: there is no model '{name}'; this host has {string.Join(", ", Models.Select(static model => $"'{model.Name}'"))}. "
                + $"Add one as Models:{name}:Provider, :Endpoint, :Key and :Model.");
        }

        if (found.Client.GetService(typeof(KeylessChatClient)) is KeylessChatClient keyless)
        {
            throw keyless.Error();
        }

        return found;
    }
}
