namespace AgentFunctions.Models;

/// <summary>Keeps the models of the configuration apart from those that the host's code adds.</summary>
/// <param name="Binding">The model.</param>
internal sealed record ConfiguredModel(ModelBinding Binding);
