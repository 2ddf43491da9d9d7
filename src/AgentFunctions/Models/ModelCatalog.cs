namespace AgentFunctions.Models;

/// <summary>The models of one host: those that code added, then those of the configuration, and the rehearsal model last.</summary>
internal sealed class ModelCatalog : IModelCatalog
{
    private readonly Dictionary<string, ModelBinding> byName = new(StringComparer.OrdinalIgnoreCase);

    public ModelCatalog(IEnumerable<ModelBinding> models)
    {
        Models = [.. models.Where(model => byName.TryAdd(model.Name, model))];
    }

    public IReadOnlyList<ModelBinding> Models { get; }

    public ModelBinding Resolve(string? name)
    {
        ModelBinding? found = name is null ? Models[0] : byName.GetValueOrDefault(name)
            ?? Models.FirstOrDefault(model => string.Equals(model.ModelId, name, StringComparison.OrdinalIgnoreCase));
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
