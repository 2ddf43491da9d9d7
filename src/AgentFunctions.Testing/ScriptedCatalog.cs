using AgentFunctions.Models;

namespace AgentFunctions.Testing;

/// <summary>
/// The models of a test's host: the script, whatever an agent names and whatever models the registration adds. Only an agent that
/// brings a client of its own keeps that.
/// </summary>
internal sealed class ScriptedCatalog(IModelCatalog registered, ModelBinding script) : IModelCatalog
{
    public IReadOnlyList<ModelBinding> Models => [script, .. registered.Models.Where(static model => model.IsOfOneAgent)];

    public ModelBinding Resolve(string? name) =>
        Models.FirstOrDefault(model => string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase)) ?? script;
}
