namespace AgentFunctions.Tools;

/// <summary>What the rooms above attach to a call for tools of their own, by type.</summary>
internal sealed class ToolFeatures
{
    private Dictionary<Type, object>? _features;

    /// <summary>Gets a feature; <see langword="null"/> if the call has none of that type.</summary>
    public T? Get<T>()
        where T : class => _features?.GetValueOrDefault(typeof(T)) as T;

    /// <summary>Attaches a feature.</summary>
    /// <param name="feature">The feature.</param>
    public void Set<T>(T feature)
        where T : class => (_features ??= [])[typeof(T)] = feature;
}
