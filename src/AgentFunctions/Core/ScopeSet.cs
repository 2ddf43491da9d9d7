namespace AgentFunctions.Core;

/// <summary>Sets of scopes, <see langword="null"/> for all of them. They only ever become smaller.</summary>
internal static class ScopeSet
{
    /// <summary>What is in both.</summary>
    public static IReadOnlyList<string>? Narrow(IReadOnlyList<string>? scopes, IReadOnlyList<string>? by) =>
        scopes is null ? by : by is null ? scopes : [.. scopes.Where(scope => by.Contains(scope, StringComparer.Ordinal))];
}
