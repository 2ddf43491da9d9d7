using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>
/// The time-out of the Functions host. A function that runs into it ends the worker process with all that is in it, so what
/// would take longer is ended by itself before. The host counts from when it hands a call to the worker, and a busy machine needs
/// seconds to begin it and to end it, however short the time-out is.
/// </summary>
internal static class FunctionTimeout
{
    /// <summary>What the host takes on a Consumption plan if nothing is said.</summary>
    private static readonly TimeSpan ConsumptionDefault = TimeSpan.FromMinutes(5);

    /// <summary>What the host takes on any other plan, Flex Consumption too, and elsewhere.</summary>
    private static readonly TimeSpan Default = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan ShortestMargin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestMargin = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Reads the longest that a function may take, as the host does: from the settings, else from <c>host.json</c>, else the
    /// default of the plan.
    /// </summary>
    /// <param name="configuration">The app's settings.</param>
    /// <param name="folder">The folder of <c>host.json</c>.</param>
    /// <returns>The time-out less a margin; <see langword="null"/> if it is -1, which is none.</returns>
    public static TimeSpan? Read(IConfiguration configuration, string folder)
    {
        string? words = configuration["AzureFunctionsJobHost:functionTimeout"]
            ?? new ConfigurationBuilder().AddJsonFile(Path.Combine(folder, "host.json"), optional: true)
                .Build()["functionTimeout"];
        if (!TimeSpan.TryParse(words, CultureInfo.InvariantCulture, out TimeSpan timeout))
        {
            bool isConsumption = "Dynamic".Equals(configuration["WEBSITE_SKU"], StringComparison.OrdinalIgnoreCase);
            timeout = isConsumption ? ConsumptionDefault : Default;
        }

        return timeout > TimeSpan.Zero ? timeout - MarginOf(timeout) : null;
    }

    /// <summary>Bounds what runs in one function, such as an event stream.</summary>
    public static TimeSpan Bound(TimeSpan wanted, IConfiguration configuration, string folder) =>
        Read(configuration, folder) is { } longest ? Min(wanted, longest) : wanted;

    /// <summary>
    /// A tenth, but at least 20 seconds and at most 3 minutes; half of a time-out that is shorter than 40 seconds.
    /// </summary>
    private static TimeSpan MarginOf(TimeSpan timeout)
    {
        TimeSpan tenth = Min(timeout / 10, LongestMargin);
        return Min(timeout / 2, tenth > ShortestMargin ? tenth : ShortestMargin);
    }

    private static TimeSpan Min(TimeSpan first, TimeSpan second) => first < second ? first : second;
}
