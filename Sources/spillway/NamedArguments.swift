public import ArgumentParser
public import Campaigns
public import NA62Formats

// Values of options that are names of a list.

extension CounterScope: ExpressibleByArgument {}
extension CampaignEngine: ExpressibleByArgument {}
