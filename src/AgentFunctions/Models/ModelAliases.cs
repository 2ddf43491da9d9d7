using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Models;

/// <summary>
/// Represents what the names of models that agents use stand for on this host: <c>Models:Aliases:NAME</c>, with <c>*</c> for any
/// other name, and <c>Models:Strict</c>.
/// </summary>
/// <param name="Names">Names of the host's models by the names that stand for them.</param>
/// <param name="Strict">Whether a name that nobody knows is refused; false by default, and then the default model speaks.</param>
internal sealed record ModelAliases(IReadOnlyDictionary<string, string> Names, bool Strict)
{
    public const string AliasesKey = "Aliases";
    public const string StrictKey = "Strict";

    private const string Any = "*";

    public static ModelAliases None { get; } = new(new Dictionary<string, string>(), false);

    /// <summary>Reads them.</summary>
    /// <param name="models">The section of the models.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the message names the field.</exception>
    public static ModelAliases Read(IConfigurationSection models)
    {
        bool strict = false;
        if (models[StrictKey] is { Length: > 0 } text && !bool.TryParse(text, out strict))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{models.Path}:{StrictKey}: '{text}' is neither true nor false.");
        }

        return new ModelAliases(
            models.GetSection(AliasesKey).GetChildren().Where(static alias => !string.IsNullOrWhiteSpace(alias.Value))
                .ToDictionary(static alias => alias.Key, static alias => alias.Value!.Trim(), StringComparer.OrdinalIgnoreCase),
            strict);
    }

    /// <summary>Gets the name of the host's model that a name stands for; <see langword="null"/> if it stands for none.</summary>
    /// <param name="name">The name. What stands in brackets at its end, a variant of another provider's, does not count.</param>
    public string? Find(string name) =>
        Names.GetValueOrDefault(name) ?? Names.GetValueOrDefault(Plain(name)) ?? Names.GetValueOrDefault(Any);

    private static string Plain(string name) =>
        name.EndsWith(']') && name.IndexOf('[', StringComparison.Ordinal) is > 0 and var open ? name[..open] : name;
}
