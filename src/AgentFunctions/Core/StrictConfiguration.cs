using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Core;

/// <summary>Reads options of which a misspelt one would silently be none: what nobody knows stops the start.</summary>
internal static class StrictConfiguration
{
    /// <summary>Binds a section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="options">What it is bound to.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the section and what is wrong in it.
    /// </exception>
    public static void BindStrictly(this IConfigurationSection section, object options)
    {
        try
        {
            section.Bind(options, static binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{section.Path}: {e.InnerException?.Message ?? e.Message}", e);
        }
    }
}
