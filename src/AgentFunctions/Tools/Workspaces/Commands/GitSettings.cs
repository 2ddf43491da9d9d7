namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>Knows which settings of a repository's configuration neither run a program nor lead elsewhere, or are overridden.</summary>
internal static class GitSettings
{
    private static readonly HashSet<string> Harmless = new(StringComparer.OrdinalIgnoreCase)
    {
        "core.repositoryformatversion", "core.filemode", "core.bare", "core.logallrefupdates", "core.ignorecase", "core.precomposeunicode", "core.symlinks",
        "core.autocrlf", "core.eol", "core.safecrlf", "core.quotepath", "core.abbrev", "core.compression", "core.sharedrepository", "core.untrackedcache",
        "core.preloadindex", "core.splitindex", "core.commentchar", "core.checkstat", "core.trustctime", "core.bigfilethreshold", "core.longpaths",
        "core.protecthfs", "core.protectntfs", "core.sparsecheckout", "core.sparsecheckoutcone", "core.commitgraph", "core.multipackindex", "core.whitespace",
        "core.hidedotfiles", "core.fscache", "core.fsync", "core.fsyncmethod", "core.fsyncobjectfiles", "core.createobject", "core.usereplacerefs",
        // Overridden for every command.
        "core.hookspath", "core.fsmonitor", "core.pager", "core.editor", "core.askpass", "core.sshcommand", "core.gitproxy", "core.alternaterefscommand",
        "core.excludesfile", "core.attributesfile", "sequence.editor", "diff.external", "interactive.difffilter", "credential.helper", "commit.gpgsign",
        "tag.gpgsign", "log.showsignature", "gpg.program", "gpg.openpgp.program", "gpg.x509.program", "gpg.ssh.program", "protocol.allow",
        "safe.barerepository", "diff.ignoresubmodules", "submodule.recurse", "status.submodulesummary", "gc.auto", "maintenance.auto", "commit.template",
        "diff.orderfile", "blame.ignorerevsfile", "rerere.enabled", "help.autocorrect",
        // Text and switches.
        "user.name", "user.email", "user.signingkey", "user.useconfigonly", "author.name", "author.email", "committer.name", "committer.email", "gpg.format",
        "init.defaultbranch", "extensions.objectformat", "extensions.compatobjectformat", "extensions.refstorage", "extensions.noop", "extensions.partialclone",
        "extensions.worktreeconfig", "submodule.active", "versionsort.suffix", "tag.sort", "branch.sort", "merge.conflictstyle", "merge.ff", "merge.renames",
        "merge.log", "merge.stat", "commit.verbose", "commit.cleanup", "commit.status", "diff.renames", "diff.algorithm", "diff.context", "diff.mnemonicprefix",
        "diff.noprefix", "diff.renamelimit", "diff.interhunkcontext", "diff.colormoved", "diff.wserrorhighlight", "diff.indentheuristic", "diff.statgraphwidth",
        "log.date", "log.decorate", "log.follow", "log.abbrevcommit", "log.mailmap", "status.short", "status.branch", "status.showuntrackedfiles",
        "status.relativepaths", "pull.rebase", "pull.ff", "push.default", "push.autosetupremote", "push.followtags", "fetch.prune", "rebase.autosquash",
        "rebase.autostash", "branch.autosetuprebase", "branch.autosetupmerge", "checkout.defaultremote", "rerere.autoupdate", "lfs.repositoryformatversion",
    };

    private static readonly string[] HarmlessSections = ["advice.", "color.", "column.", "pack.", "index.", "feature.", "gc.", "i18n."];

    private static readonly Dictionary<string, HashSet<string>> HarmlessOfNamed = new(StringComparer.OrdinalIgnoreCase)
    {
        ["branch"] = Keys("remote", "merge", "rebase", "description", "pushremote", "vscode-merge-base", "github-pr-owner-number"),
        ["remote"] = Keys("url", "fetch", "pushurl", "tagopt", "mirror", "prune", "push", "promisor", "partialclonefilter", "gh-resolved"),
        ["submodule"] = Keys("url", "active", "branch", "ignore"),
        ["diff"] = Keys("xfuncname", "funcname", "binary", "wordregex", "algorithm"),
        ["color"] = Keys("branch", "diff", "status", "grep", "interactive"),
        ["lfs"] = Keys("access", "locksverify"),
    };

    /// <summary>Determines whether a setting is harmless.</summary>
    /// <param name="key">The key as <c>git config --list --name-only</c> writes it: <c>section.key</c> or <c>section.name.key</c>.</param>
    public static bool IsHarmless(string key)
    {
        int first = key.IndexOf('.', StringComparison.Ordinal);
        int last = key.LastIndexOf('.');
        if (first < 0 || Harmless.Contains(key))
        {
            return first >= 0;
        }

        return first == last
            ? HarmlessSections.Any(section => key.StartsWith(section, StringComparison.OrdinalIgnoreCase))
            : HarmlessOfNamed.TryGetValue(key[..first], out HashSet<string>? keys) && keys.Contains(key[(last + 1)..]);
    }

    private static HashSet<string> Keys(params string[] names) => new(names, StringComparer.OrdinalIgnoreCase);
}
