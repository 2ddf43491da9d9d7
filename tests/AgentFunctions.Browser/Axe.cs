using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>axe, with no rule left out.</summary>
internal static class Axe
{
    // All rules; only what is wrong is told, since that is a small part of what axe knows.
    private const string Rules = """
        async colours => (await axe.run(document, {
          runOnly: colours ? { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }
            : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }, resultTypes: ['violations'],
        })).violations.map(fault => `${fault.id}: ${fault.nodes.slice(0, 3).map(node => node.html).join('; ')}`)
        """;

    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

    /// <summary>It finds nothing on a page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="what">What the page shows.</param>
    /// <param name="coloursAlone">Whether only the rules of colours are looked at, since the rest was before.</param>
    public static async Task AssertAsync(IPage page, string what, bool coloursAlone = false)
    {
        if (await page.EvaluateAsync<bool>("() => !('axe' in window)"))
        {
            await page.EvaluateAsync(Script);
        }

        Assert.That(await page.EvaluateAsync<string[]>(Rules, coloursAlone), Is.Empty, what);
    }
}
