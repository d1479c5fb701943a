namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>Every option's value after weighing: the heaviest setting of each, or the default.</summary>
internal sealed class OptionValues
{
    private readonly Dictionary<Option, (object Value, EffectiveOption Effective)> values = [];

    /// <summary>
    /// Reads and weighs all settings. A value that cannot be is a problem even where a heavier one hides it; its option is
    /// then without a value, and no rule about it is checked.
    /// </summary>
    public static OptionValues Of(IReadOnlyCollection<Setting> settings, List<ConfigurationProblem> problems)
    {
        var all = new OptionValues();
        foreach (var option in Options.All)
        {
            Setting[] given = [.. settings.Where(s => s.Option == option).OrderBy(s => s.Source)];
            if (given.Length == 0 && option.Default is { } text)
            {
                given = [new(option, text, SettingSource.Default, "default")];
            }

            var broken = false;
            foreach (var setting in given)
            {
                broken |= !all.TryTake(setting, problems);
            }

            if (broken)
            {
                all.values.Remove(option);
            }
        }

        return all;
    }

    public IEnumerable<EffectiveOption> Effective => Options.All.Where(values.ContainsKey).Select(o => values[o].Effective);

    /// <summary>The value of an option that has a default.</summary>
    public T Get<T>(Option<T> option)
        where T : notnull => (T)values[option].Value;

    /// <summary>The value, or null when there is none.</summary>
    public T? Find<T>(Option<T> option)
        where T : class => values.TryGetValue(option, out var v) ? (T)v.Value : null;

    /// <summary>Whether the option has a value that could be read.</summary>
    public bool Has(Option option) => values.ContainsKey(option);

    /// <summary>What to call the option in a message: where its value stands.</summary>
    public string PlaceOf(Option option) =>
        values[option].Effective is { Source: not SettingSource.Default } given ? given.Place : option.Flag;

    private bool TryTake(Setting setting, List<ConfigurationProblem> problems)
    {
        if (setting.Option.Read(setting.Text, out var fault) is not { } value)
        {
            problems.Add(new(setting.Place, fault));
            return false;
        }

        values[setting.Option] = (value, new(setting.Option.Name, setting.Text, setting.Source, setting.Place));
        return true;
    }
}
